package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A pkg is a package some of whose files are mutated.
type pkg struct {
	dir     string // from the root, with slashes
	path    string
	name    string
	fset    *token.FileSet
	files   map[string]*ast.File // by name from the root
	source  map[string][]byte
	info    *types.Info
	exports types.Importer
}

// A loader reads packages with their types. The types of what they import come
// from the export data that the go command keeps.
type loader struct {
	root string
	pkgs map[string]*pkg // by dir
}

// sources returns the files of the module that the globs match, without tests.
func (l *loader) sources(globs []string) ([]string, error) {
	var out []string
	for _, g := range globs {
		found, err := filepath.Glob(filepath.Join(l.root, filepath.FromSlash(g)))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			name, err := filepath.Rel(l.root, f)
			if err != nil {
				return nil, err
			}
			if name = filepath.ToSlash(name); !strings.HasSuffix(name, "_test.go") && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

type listed struct {
	Dir, ImportPath, Name, Export string
	GoFiles                       []string
	DepOnly                       bool
}

// load returns the package of a folder.
func (l *loader) load(ctx context.Context, dir string) (*pkg, error) {
	if p := l.pkgs[dir]; p != nil {
		return p, nil
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps",
		"-json=Dir,ImportPath,Name,Export,GoFiles,DepOnly", "./"+dir)
	cmd.Dir, cmd.Stderr = l.root, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list ./%s: %w", dir, err)
	}
	exports := map[string]string{}
	var self *listed
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var one listed
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list ./%s: %w", dir, err)
		}
		exports[one.ImportPath] = one.Export
		if !one.DepOnly {
			self = &one
		}
	}
	if self == nil {
		return nil, fmt.Errorf("go list ./%s names no package", dir)
	}
	p := &pkg{dir: dir, path: self.ImportPath, name: self.Name, fset: token.NewFileSet(),
		files: map[string]*ast.File{}, source: map[string][]byte{}}
	p.exports = importer.ForCompiler(p.fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	for _, f := range self.GoFiles {
		name := path.Join(dir, f)
		if p.source[name], err = os.ReadFile(filepath.Join(self.Dir, f)); err != nil {
			return nil, err
		}
	}
	var problems []error
	p.files, p.info, problems = p.check(p.fset, p.source)
	if len(problems) > 0 {
		return nil, fmt.Errorf("package %s: %w", p.path, errors.Join(problems...))
	}
	l.pkgs[dir] = p
	return p, nil
}

// check parses and type-checks the package with the given texts of its files.
func (p *pkg) check(fset *token.FileSet, source map[string][]byte) (map[string]*ast.File, *types.Info, []error) {
	files := map[string]*ast.File{}
	var problems []error
	var list []*ast.File
	for name, text := range source {
		f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		files[name] = f
		list = append(list, f)
	}
	if len(problems) > 0 {
		return files, nil, problems
	}
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	cfg := types.Config{Importer: p.exports, Error: func(err error) { problems = append(problems, err) }}
	_, _ = cfg.Check(p.path, fset, list, info) // what is wrong is in problems
	return files, info, problems
}
