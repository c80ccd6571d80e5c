package electoral_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGlossary holds GLOSSARY.md to every exported type of the package, and
// the package to every type that it names.
func TestGlossary(t *testing.T) {
	text, err := os.ReadFile("GLOSSARY.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	types := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, decl := range f.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE {
				continue
			}
			for _, spec := range d.Specs {
				if id := spec.(*ast.TypeSpec).Name; id.IsExported() {
					types[id.Name] = true
				}
			}
		}
	}
	require.NotEmpty(t, types)
	for name := range types {
		assert.True(t, strings.Contains(string(text), "`"+name+"`"), "%s is not in GLOSSARY.md", name)
	}
	for i, part := range strings.Split(string(text), "`") {
		name, _, field := strings.Cut(part, ".")
		if i%2 == 1 && !field && name != "" && name[0] >= 'A' && name[0] <= 'Z' && !strings.HasSuffix(name, "List") && !strings.HasPrefix(part, "anprxml") && !strings.HasPrefix(name, "…") {
			assert.True(t, types[name], "GLOSSARY.md names %s, which is no type", name)
		}
	}
}
