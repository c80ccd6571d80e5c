package seal_test

import (
	"context"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// storeOf returns the validation data of a document.
func storeOf(t testing.TB, doc []byte) (pdf.Dict, pdf.View) {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	cat, _, err := f.Last().Catalog()
	require.NoError(t, err)
	dss, err := f.Last().Dict(cat, "DSS")
	require.NoError(t, err)
	require.NotNil(t, dss)
	return dss, f.Last()
}

// listed returns the streams that a list of validation data names, each once.
func listed(t testing.TB, v pdf.View, d pdf.Dict, key pdf.Name) (data []string) {
	t.Helper()
	list, err := v.Array(d, key)
	require.NoError(t, err)
	for _, o := range list {
		o, err := v.Resolve(o)
		require.NoError(t, err)
		s, err := v.Decode(o.(*pdf.Stream))
		require.NoError(t, err)
		require.NotContains(t, data, string(s), "%s twice", key)
		data = append(data, string(s))
	}
	return data
}

// TestValidationData reads what a seal at B-LT brings for whoever verifies it: all
// certificates and the status of each, for the document and for the seal, without
// empty lists; by OCSP, and by lists where there are no responders.
func TestValidationData(t *testing.T) {
	at := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	for _, lists := range []bool{false, true} {
		ca := newCA(t, sealtest.Config{CRLOnly: lists, Now: func() time.Time { return at }})
		doc := sealtest.Document("x")
		var known int
		for n := range 2 {
			out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLT)).Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err)
			dss, v := storeOf(t, out)
			vri, err := v.Dict(dss, "VRI")
			require.NoError(t, err)
			require.Len(t, vri, n+1, "one for each seal")
			of, err := v.Dict(vri, vri[n].Key)
			require.NoError(t, err)
			require.Equal(t, pdf.String("D:20261122073000Z"), of.Get("TU"))
			require.Equal(t, pdf.Name("VRI"), of.Name("Type"))
			require.Equal(t, pdf.Name("DSS"), dss.Name("Type"))
			status, other := pdf.Name("OCSP"), pdf.Name("CRL")
			if lists {
				status, other = other, status
			}
			certs := listed(t, v, of, "Cert")
			for _, c := range append(ca.Chain(), ca.Root()) {
				require.Contains(t, certs, string(c.Raw))
			}
			require.Subset(t, listed(t, v, dss, "Certs"), certs)
			require.NotEmpty(t, listed(t, v, of, status))
			require.Subset(t, listed(t, v, dss, status+"s"), listed(t, v, of, status))
			require.Nil(t, of.Get(other), "no empty list")
			require.Nil(t, dss.Get(other+"s"), "no empty list")
			if n == 1 {
				require.Len(t, listed(t, v, dss, "Certs"), known, "the second seal has the same certificates")
			}
			known = len(listed(t, v, dss, "Certs"))
			doc = out
		}
	}
	// One certificate and one answer make lists too.
	ca := newCA(t, sealtest.Config{NoIntermediate: true})
	out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLT)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	dss, v := storeOf(t, out)
	vri, err := v.Dict(dss, "VRI")
	require.NoError(t, err)
	of, err := v.Dict(vri, vri[0].Key)
	require.NoError(t, err)
	require.Len(t, listed(t, v, of, "OCSP"), 2, "of the seal and of its time-stamp's authority")
}

// TestOneAnswer seals with status that a single list gives for all certificates.
func TestOneAnswer(t *testing.T) {
	ca := newCA(t, sealtest.Config{NoIntermediate: true, CRLOnly: true})
	out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLT)).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	dss, v := storeOf(t, out)
	require.NotEmpty(t, listed(t, v, dss, "CRLs"))

	one, err := ca.Fetch(t.Context(), seal.FetchRequest{URL: ca.Chain()[0].CRLDistributionPoints[0]})
	require.NoError(t, err)
	cfg := padesConfig(t, ca, seal.LevelLT)
	cfg.Revocation = seal.NewRevocation(seal.RevocationConfig{
		Fetch: func(context.Context, seal.FetchRequest) ([]byte, error) { return one, nil }})
	out, err = newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	dss, v = storeOf(t, out)
	vri, err := v.Dict(dss, "VRI")
	require.NoError(t, err)
	of, err := v.Dict(vri, vri[0].Key)
	require.NoError(t, err)
	require.Equal(t, []string{string(one)}, listed(t, v, dss, "CRLs"))
	require.Equal(t, []string{string(one)}, listed(t, v, of, "CRL"))
}

// TestChainFromTheStore extends a document whose seal does not hold its issuer: its
// certificate is found among the validation data.
func TestChainFromTheStore(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	cfg := padesConfig(t, ca, seal.LevelT)
	cfg.Chain = ca.Chain()[:1]
	doc, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	ext, err := ca.Extender()
	require.NoError(t, err)
	_, err = ext.Extend(t.Context(), doc, seal.LevelLT)
	require.ErrorIs(t, err, seal.ErrDocument)
	require.ErrorContains(t, err, "is not a configured root")
	with := func(list func(u *pdf.Update) pdf.Dict) []byte {
		return revised(t, doc, inCatalog("DSS", func(u *pdf.Update) pdf.Object { return list(u) }))
	}
	stream := func(u *pdf.Update, data []byte) pdf.Ref {
		ref := u.Reserve()
		u.Stream(ref, data)
		return ref
	}
	issuer := ca.Chain()[1].Raw
	held := with(func(u *pdf.Update) pdf.Dict {
		return entry("Certs", pdf.Array{stream(u, []byte("niente")), stream(u, issuer)})
	})
	out, err := ext.Extend(t.Context(), held, seal.LevelLT)
	require.NoError(t, err)
	dss, v := storeOf(t, out)
	certs := listed(t, v, dss, "Certs")
	require.True(t, slices.Contains(certs, string(issuer)))
	require.True(t, slices.ContainsFunc(certs, func(s string) bool { return s == "niente" }), "what was there stays")
	// Elsewhere it is no certificate.
	elsewhere := with(func(u *pdf.Update) pdf.Dict { return entry("OCSPs", pdf.Array{stream(u, issuer)}) })
	_, err = ext.Extend(t.Context(), elsewhere, seal.LevelLT)
	require.ErrorContains(t, err, "is not a configured root")
	// Nor is a reference to nothing.
	dangling := with(func(*pdf.Update) pdf.Dict { return entry("Certs", pdf.Array{pdf.Ref{Num: 9999}}) })
	_, err = ext.Extend(t.Context(), dangling, seal.LevelLT)
	require.ErrorIs(t, err, seal.ErrDocument)
	require.ErrorContains(t, err, "Certs of the DSS")
}

// TestSelfIssuedSeal seals with a certificate that its own key certified: a chain of
// one is not cut.
func TestSelfIssuedSeal(t *testing.T) {
	ca := newCA(t, sealtest.Config{NoIntermediate: true})
	key, err := sealtest.NewKey(sealtest.P256)
	require.NoError(t, err)
	tmpl, err := ca.Issue(key.Public(), nil)
	require.NoError(t, err)
	tmpl[0].Issuer, tmpl[0].RawIssuer = tmpl[0].Subject, tmpl[0].RawSubject
	der, err := x509.CreateCertificate(nil, tmpl[0], tmpl[0], key.Public(), key)
	require.NoError(t, err)
	self, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	s, err := seal.NewPAdES(seal.PAdESConfig{Signer: key, Chain: []*x509.Certificate{self}})
	require.NoError(t, err, "a trial sealer takes its own certificate")
	out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{})
	require.NoError(t, err)
	require.Len(t, message(t, out).Certificates, 1)
}
