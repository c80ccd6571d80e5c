package anpr_test

import (
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/liste-elettorali/anpr"

// What a row of allowed may say besides the name of a package.
const (
	anyInternal = "internal/*"
	everything  = "*"
)

// allowed says which of our packages each package may import (design.md,
// "Who may import whom"). A package that is not in it fails the test: a new
// one adds its row in the same commit, with the reason.
var allowed = map[string][]string{
	".": {},

	// What several packages share; limits is the one that all may use. pdf has
	// its writer apart, in pdf/tagged, since reader and writer share no code.
	"internal/cms": {"internal/limits"},
	// A folder that one process has open: for the stores that keep files.
	"internal/folder": {},
	// The names of a certificate's key usage, for the errors of seal and qualified.
	"internal/keyusage": {},
	// One leader among programs on one database: a row, for jobs and for the log.
	"internal/lease":  {"internal/sqldb"},
	"internal/limits": {},
	// Apart from the limits, which packages without a network have too.
	"internal/limits/clients": {},
	// How often clients may ask, and how much costly work is done at a time: for
	// servers.
	"internal/limits/admission": {},
	"internal/limits/rates":     {},
	"internal/pdf":              {"internal/limits"},
	"internal/pdf/tagged":       {"internal/limits"},
	// What OCSP responses and lists say, for seal, which puts them into
	// documents, and for verify, which judges by them.
	"internal/revocation": {"internal/limits"},
	// What keys in a device and keys in a service have in common.
	"internal/remotekey": {},
	// The words of a purge, for whoever runs one and for the stores.
	"electoral/erasure": {},
	"internal/sqldb":    {"electoral/erasure", "internal/folder", "internal/limits"},
	// The text files of spreadsheets: whoever reads a list from an office.
	"internal/spreadsheet": {},
	// testenv finds what tests need from outside; only _test.go files use it.
	"internal/testenv": {},
	// The texts of pages in several languages.
	"internal/texts": {},
	// A time-stamp token is a CMS message, and must be verified before it counts.
	"internal/tsp":    {"internal/cms", "internal/limits"},
	"internal/xmlsec": {"internal/limits"},

	"electoral/refdata":              {anyInternal},
	"electoral/refdata/internal/gen": {"electoral/refdata", anyInternal}, // the program that makes the tables
	// The words of all the rooms: no store, no service, no PDF writer.
	"electoral":       {"electoral/refdata"},
	"electoral/rules": {"electoral", "electoral/refdata"},
	// What callers hand in, before a service looks at it: of registry and revision.
	"electoral/internal/gate": {"electoral", "electoral/refdata"},
	// The services and the contract of their store.
	"electoral/registry":      {"electoral", "electoral/rules", "electoral/refdata", "electoral/internal/gate"},
	"electoral/memory":        {"electoral", "electoral/registry", "electoral/rules", "electoral/refdata"},
	"electoral/sqlstore":      {"electoral", "electoral/registry", "electoral/rules", "electoral/refdata", "electoral/erasure", anyInternal},
	"electoral/electoraltest": {"electoral", "electoral/registry", "electoral/rules", "electoral/refdata"},
	// The revisions stand on the services; the minute is a PDF.
	"electoral/revision": {"electoral", "electoral/registry", "electoral/rules", "electoral/refdata",
		"electoral/internal/gate", "internal/pdf/tagged"},
	// What an extraction is written as: it knows the words of files, not the registry.
	"electoral/lists":   {"electoral", "electoral/refdata", "internal/pdf/tagged"},
	"electoral/anprxml": {"electoral", "electoral/refdata", anyInternal},

	// Background work: a leaf that knows no election, for vendors too; internal/lease says
	// who works.
	"electoral/job":          {},
	"electoral/job/jobtest":  {"electoral/job"},
	"electoral/job/sqlstore": {"electoral/job", anyInternal},

	"seal": {"seal/qualified", anyInternal},
	// What makes a certificate a qualified seal's: verify asks it, and links no
	// sealer for it.
	"seal/qualified":  {anyInternal},
	"seal/csc":        {"seal", anyInternal},
	"seal/pkcs11":     {"seal", anyInternal},
	"seal/sealtest":   {"seal", anyInternal},
	"audit":           {anyInternal},
	"audit/filestore": {"audit", anyInternal},
	"audit/audittest": {"audit", anyInternal},
	"audit/recorder":  {"audit", "electoral", anyInternal},

	"certificate": {"certificate/contrassegno", "electoral", "electoral/rules", "electoral/refdata", "seal", anyInternal},
	// What binds paper and file: verify reads it without the issuer.
	"certificate/contrassegno": {anyInternal},
	// Where certificates are kept until they expire. A change of which it is not known
	// whether it stands has electoral's name, which the access log keeps.
	"certificate/archive":               {"certificate", "electoral", "electoral/erasure", anyInternal},
	"certificate/archive/archivetest":   {"certificate", "certificate/archive", anyInternal},
	"certificate/delivery":              {"certificate", "electoral", "electoral/erasure", anyInternal},
	"certificate/delivery/deliverytest": {"certificate/delivery", anyInternal},
	"verify":                            {"certificate/contrassegno", "seal/qualified", "audit", anyInternal}, // never transport, a store, the registry, the issuer
	// The captcha knows nothing of what it guards.
	"verify/captcha":             {anyInternal},
	"verify/captcha/captchatest": {"verify/captcha"},
	"verify/verifytest":          {"verify"},
	// The pages of the public verification, for a server to mount.
	"verify/web": {"verify", "verify/captcha", "certificate", "certificate/contrassegno", "electoral", anyInternal},
	// Sessions of people on web pages: they know who acts, and no HTTP.
	"transport/session":             {"electoral", anyInternal},
	"transport/session/sqlstore":    {"transport/session", "electoral", anyInternal},
	"transport/session/sessiontest": {"transport/session", "electoral"},

	"examples/load":       {everything},
	"examples/quickstart": {everything},
	"examples/server":     {everything},
	// Parts of the server that know nothing of what it serves: its table of addresses, and
	// the frame of its pages.
	"examples/server/page":   {"verify/web", anyInternal},
	"examples/server/routes": {"electoral", anyInternal},
	"examples/verifier":      {everything},
}

func TestLayering(t *testing.T) {
	seen := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		pkg := path.Dir(name)
		rule, known := allowed[pkg]
		if !known {
			t.Errorf("%s: decide what package %s may import", name, pkg)
		}
		seen[pkg] = true
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				continue
			}
			if !mayImport(pkg, rule, strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"), strings.HasSuffix(name, "_test.go")) {
				t.Errorf("%s: package %s must not import %s", name, pkg, imported)
			}
		}
		return nil
	})
	require.NoError(t, err)
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("package %s is in the table and not in the tree", pkg)
		}
	}
}

func mayImport(pkg string, rule []string, imported string, test bool) bool {
	if imported == "" {
		return false // nothing imports the root
	}
	if strings.HasPrefix(imported, "examples/") {
		program, _, _ := strings.Cut(strings.TrimPrefix(imported, "examples/"), "/") // a program's own parts
		return strings.HasPrefix(pkg+"/", "examples/"+program+"/")
	}
	if test {
		// Tests may import any test kit and any implementation.
		return true
	}
	if imported == "internal/testenv" {
		return false
	}
	return slices.Contains(rule, everything) || slices.Contains(rule, imported) ||
		slices.Contains(rule, anyInternal) && strings.HasPrefix(imported, "internal/")
}

// TestLinks follows the arrows: what a program links that needs only the words, or
// only verifies.
func TestLinks(t *testing.T) {
	for pkg, never := range map[string][]string{
		"electoral": {"internal/pdf/tagged", "internal/sqldb", "electoral/registry", "electoral/rules", "seal", "audit", "certificate"},
		"verify":    {"internal/pdf/tagged", "internal/sqldb", "electoral", "electoral/refdata", "seal", "certificate", "audit/filestore"},
		"audit":     {"electoral", "seal"},
		"seal":      {"electoral", "audit"},
	} {
		linked, todo := map[string]bool{}, []string{pkg}
		for len(todo) > 0 {
			next := todo[0]
			todo = todo[1:]
			found, err := build.ImportDir(next, 0)
			require.NoError(t, err)
			for _, imported := range found.Imports {
				if ours, ok := strings.CutPrefix(imported, module+"/"); ok && !linked[ours] {
					linked[ours] = true
					todo = append(todo, ours)
				}
			}
		}
		for _, p := range never {
			require.False(t, linked[p], "%s links %s", pkg, p)
		}
	}
}

func TestMayImport(t *testing.T) {
	require.False(t, mayImport("seal", allowed["seal"], "electoral", false))
	require.False(t, mayImport("verify", allowed["verify"], "audit/filestore", false))
	require.False(t, mayImport("electoral", allowed["electoral"], "", false))
	require.False(t, mayImport("electoral", allowed["electoral"], "examples/load", true))
	require.True(t, mayImport("seal", allowed["seal"], "internal/pdf", false))
	require.True(t, mayImport("electoral", allowed["electoral"], "electoral/electoraltest", true))
}
