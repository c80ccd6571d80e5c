package electoral_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGlossary holds GLOSSARY.md to every exported type of its rooms, and
// the rooms to every type that it names.
func TestGlossary(t *testing.T) {
	text, err := os.ReadFile("GLOSSARY.md")
	require.NoError(t, err)
	types := map[string]bool{}
	for _, room := range []string{"", "rules", "registry", "lists", "memory", "revision"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		require.NoError(t, err)
		for _, name := range files {
			if !strings.HasSuffix(name, "_test.go") {
				exportedTypes(t, name, func(name string) { types[strings.TrimPrefix(room+"."+name, ".")] = true })
			}
		}
	}
	require.NotEmpty(t, types)
	for name := range types {
		assert.True(t, strings.Contains(string(text), "`"+name+"`"), "%s is not in GLOSSARY.md", name)
	}
	typeName := regexp.MustCompile(`^((rules|registry|lists|memory|revision)\.)?[A-Z]\w*$`)
	for i, part := range strings.Split(string(text), "`") {
		if i%2 == 1 && typeName.MatchString(part) && !strings.HasSuffix(part, "List") {
			assert.True(t, types[part], "GLOSSARY.md names %s, which is no type", part)
		}
	}
}

func exportedTypes(t *testing.T, file string, found func(name string)) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	require.NoError(t, err)
	for _, decl := range f.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.TYPE {
			continue
		}
		for _, spec := range d.Specs {
			if id := spec.(*ast.TypeSpec).Name; id.IsExported() {
				found(id.Name)
			}
		}
	}
}
