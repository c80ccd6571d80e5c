package certificate_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestCollectiveInRealArchive keeps a collective certificate in files, where its
// officer and who holds the paper find it, and deletes it at its end.
func TestCollectiveInRealArchive(t *testing.T) {
	a, err := archive.OpenFiles(filepath.Join(t.TempDir(), "archivio"))
	require.NoError(t, err)
	defer func() { require.NoError(t, a.Close()) }()
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	s, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	i, err := certificate.NewIssuer(certificate.Config{
		Sealer: s, Source: register{}, Recorder: silent{}, Archive: a, Key: []byte("a secret of thirty-two bytes ..."), BaseURL: "https://verifica.example.it",
	})
	require.NoError(t, err)
	req := certificate.CollectiveRequest{
		Request:    electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "A952", Method: electoral.SmartCardMethod}},
		Collection: certificate.ListCollection, People: people{},
	}
	out, err := i.Collective(t.Context(), req, strings.NewReader("SMPBRN71E48L219H\nRSSMRA80A01H501U"))
	require.NoError(t, err)
	id, _, _ := strings.Cut(out.Contrassegno.Code(), "-")
	r, err := i.Download(t.Context(), req.Request, id)
	require.NoError(t, err)
	require.Equal(t, out.PDF, r.PDF)
	o, err := i.Original(t.Context(), "v-1", out.Contrassegno)
	require.NoError(t, err)
	require.Equal(t, out.Data, *o.Collective)
	n, err := a.Sweep(t.Context(), time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = i.Original(t.Context(), "v-2", out.Contrassegno)
	require.ErrorIs(t, err, certificate.ErrNotArchived)
}
