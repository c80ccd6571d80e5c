package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// runtimeFile is what each mutated package gets besides: how a place asks
// whether its mutant is active, notes that it was reached, or counts the turns
// of loops, so that one that never ends is found out by its work and not by
// the clock.
const runtimeFile = `package %s

import (
	"cmp"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
)

var (
	mutantActive, mutantNoting, mutantLimit = mutantSetup()
	mutantTurns                             atomic.Int64
	mutantSeen                              sync.Map
)

func mutantSetup() (active int, noting bool, limit int64) {
	text := os.Getenv("ANPR_MUTANT")
	if text == "note" {
		return -1, true, 1
	}
	active, err := strconv.Atoi(text)
	if err != nil {
		return -1, false, 0
	}
	limit, _ = strconv.ParseInt(os.Getenv("ANPR_MUTANT_WORK"), 10, 64)
	return active, false, limit
}

func mutantNote(line string) {
	f, err := os.OpenFile(os.Getenv("ANPR_MUTANT_NOTES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(line + "\n"); err != nil {
		panic(err)
	}
}

func mutantOn(id int) bool {
	if mutantNoting {
		if _, known := mutantSeen.LoadOrStore(id, true); !known {
			mutantNote(strconv.Itoa(id))
		}
		return false
	}
	return id == mutantActive
}

func mutantTurn() {
	if mutantLimit == 0 {
		return
	}
	n := mutantTurns.Add(1)
	if mutantNoting {
		if n&(n-1) == 0 {
			mutantNote("turns " + strconv.FormatInt(2*n, 10))
		}
		return
	}
	if n > mutantLimit {
		os.Stderr.WriteString("mutant: too much work\n")
		os.Exit(97)
	}
}

func mutantNil(err error, id int) error {
	if mutantOn(id) {
		return nil
	}
	return err
}

func mutantSwap[T any](v, other T, id int) T {
	if mutantOn(id) {
		return other
	}
	return v
}

type mutantNumber interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64
}

func mutantMore[T mutantNumber](v, delta T, id int) T {
	if mutantOn(id) {
		return v + delta
	}
	return v
}

func mutantAdd[T mutantNumber](a, b T, id int) T {
	if mutantOn(id) {
		return a - b
	}
	return a + b
}

func mutantSub[T mutantNumber](a, b T, id int) T {
	if mutantOn(id) {
		return a + b
	}
	return a - b
}

func mutantLess[T cmp.Ordered](a, b T, id int) bool {
	if mutantOn(id) {
		return a <= b
	}
	return a < b
}

func mutantLessEqual[T cmp.Ordered](a, b T, id int) bool {
	if mutantOn(id) {
		return a < b
	}
	return a <= b
}

func mutantGreater[T cmp.Ordered](a, b T, id int) bool {
	if mutantOn(id) {
		return a >= b
	}
	return a > b
}

func mutantGreaterEqual[T cmp.Ordered](a, b T, id int) bool {
	if mutantOn(id) {
		return a > b
	}
	return a >= b
}
`

const runtimeName = "zz_mutant_runtime.go"

// instrument returns the text of a file with the mutants in it, and with the
// turns of its loops counted.
func (p *pkg) instrument(file string, mutants []*mutant) []byte {
	var edits []edit
	known := map[edit]bool{}
	add := func(e edit) {
		if !known[e] {
			known[e] = true
			edits = append(edits, e)
		}
	}
	for _, m := range mutants {
		for _, e := range m.edits {
			e.text = strings.ReplaceAll(e.text, idMark, strconv.Itoa(m.id))
			add(e)
		}
	}
	ast.Inspect(p.files[file], func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch n := n.(type) {
		case *ast.ForStmt:
			body = n.Body
		case *ast.RangeStmt:
			body = n.Body
		}
		if body != nil {
			at := p.fset.Position(body.Lbrace).Offset + 1
			add(edit{at: at, end: at, text: " mutantTurn();", kind: closing})
		}
		return true
	})
	slices.SortStableFunc(edits, func(a, b edit) int {
		sign := 1 // what begins later comes first where nodes end
		if a.kind == closing {
			sign = -1
		}
		return cmp.Or(a.at-b.at, a.kind-b.kind, sign*(a.depth-b.depth), -sign*(a.rank-b.rank))
	})
	var out bytes.Buffer
	src, at := p.source[file], 0
	for _, e := range edits {
		out.Write(src[at:e.at])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(src[at:])
	return out.Bytes()
}

// compile returns the texts of a package with its mutants. Those that do not
// compile, such as another value where only a constant may stand, are left out
// and returned.
func (p *pkg) compile(mutants []*mutant) (source map[string][]byte, refused []*mutant, err error) {
	for {
		source = map[string][]byte{}
		for name, text := range p.source {
			source[name] = text
			var in []*mutant
			for _, m := range mutants {
				if m.file == name {
					in = append(in, m)
				}
			}
			if len(in) > 0 {
				source[name] = p.instrument(name, in)
			}
		}
		source[path.Join(p.dir, runtimeName)] = fmt.Appendf(nil, runtimeFile, p.name)
		fset := token.NewFileSet()
		_, _, problems := p.check(fset, source)
		if len(problems) == 0 {
			return source, refused, nil
		}
		bad := map[string]bool{}
		for _, problem := range problems {
			for _, pos := range positions(problem) {
				bad[fmt.Sprint(pos.Filename, ":", pos.Line)] = true
			}
		}
		// What does not compile is nearly always another constant; the others on
		// its line stay then.
		onBad := func(m *mutant) bool {
			return slices.ContainsFunc(m.edits, func(e edit) bool {
				return bad[fmt.Sprint(m.file, ":", 1+bytes.Count(p.source[m.file][:e.at], []byte("\n")))]
			})
		}
		constants := slices.ContainsFunc(mutants, func(m *mutant) bool { return m.operator == "constant" && onBad(m) })
		left := slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool {
			out := onBad(m) && (m.operator == "constant" || !constants)
			if out {
				refused = append(refused, m)
			}
			return out
		})
		if len(left) == len(mutants) {
			return nil, nil, fmt.Errorf("package %s with its mutants: %w", p.path, errors.Join(problems...))
		}
		mutants = left
	}
}

func positions(err error) []token.Position {
	var te types.Error
	if errors.As(err, &te) {
		return []token.Position{te.Fset.Position(te.Pos)}
	}
	var list scanner.ErrorList
	var out []token.Position
	if errors.As(err, &list) {
		for _, e := range list {
			out = append(out, e.Pos)
		}
	}
	return out
}

// overlay writes the mutated packages into a folder and returns the file that
// lets the go command take them in place of what it finds.
func overlay(root, folder string, packages map[*pkg][]*mutant) (string, error) {
	replace := map[string]string{}
	for p, mutants := range packages {
		source, refused, err := p.compile(mutants)
		if err != nil {
			return "", err
		}
		if len(refused) > 0 {
			return "", fmt.Errorf("package %s: %d mutants do not compile that did", p.path, len(refused))
		}
		for name, text := range source {
			if bytes.Equal(text, p.source[name]) {
				continue
			}
			to := filepath.Join(folder, strings.ReplaceAll(name, "/", "-"))
			if err := os.WriteFile(to, text, 0o600); err != nil {
				return "", err
			}
			replace[filepath.Join(root, filepath.FromSlash(name))] = to
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}
