package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A test is one top-level test of a program, measured without any mutant.
type test struct {
	program *program
	name    string
	took    time.Duration
	turns   int64 // of loops in what is mutated: no fewer
	reached map[int]bool
}

// A program is the test program of a package.
type program struct {
	dir  string // of the package, from the root
	path string
}

// A runner builds and runs test programs.
type runner struct {
	root, work string
	workers    int
	env        []string
	say        func(format string, args ...any)
}

// newRunner takes everything out of the environment that brings in foreign
// judges and services: a mutant is to be caught by our own tests. Of programs
// the tests find those that make their input: the go command, openssl.
func newRunner(root, work string, workers int, say func(string, ...any)) (*runner, error) {
	r := &runner{root: root, work: work, workers: workers, say: say}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "CI", "ANPR_JUDGES", "ANPR_TEST_POSTGRES", "ANPR_VERDICTS", "ANPR_CI_CACHE", "TMPDIR", "PATH":
		default:
			r.env = append(r.env, kv)
		}
	}
	tmp, bin := filepath.Join(work, "tmp"), filepath.Join(work, "bin")
	if err := errors.Join(os.Mkdir(tmp, 0o700), os.Mkdir(bin, 0o700)); err != nil {
		return nil, err
	}
	for _, tool := range []string{"go", "openssl"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			say("%s is not here: tests that need it say nothing", tool)
			continue
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			return nil, err
		}
	}
	r.env = append(r.env, "PATH="+bin, "ANPR_CI_CACHE="+filepath.Join(work, "none"), "TMPDIR="+tmp)
	return r, nil
}

// build makes the test programs of the packages in the folders, those that are
// there and have tests.
func (r *runner) build(ctx context.Context, overlay string, dirs []string) ([]*program, error) {
	var out []*program
	for _, dir := range dirs {
		tests, err := filepath.Glob(filepath.Join(r.root, filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			return nil, err
		}
		if len(tests) == 0 {
			r.say("no tests in %s", dir)
			continue
		}
		p := &program{dir: dir, path: filepath.Join(r.work, strings.ReplaceAll(dir, "/", "-")+".test")}
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", p.path, "./"+dir)
		cmd.Dir = r.root
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go test -c ./%s: %w\n%s", dir, err, text)
		}
		out = append(out, p)
	}
	return out, nil
}

// An outcome is how a run of a test program ended.
type outcome int

const (
	passed outcome = iota
	failed
	tooMuch // work or memory
	late
)

const addressSpace = 12 << 20 // KiB

// run runs tests of a program.
func (r *runner) run(
	ctx context.Context, p *program, pattern string, limit time.Duration, env ...string,
) (outcome, []byte) {
	bounded, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(bounded, "/bin/sh", "-c", "ulimit -v "+strconv.Itoa(addressSpace)+` && exec "$0" "$@"`,
		p.path, "-test.run", pattern, "-test.failfast", "-test.count=1", "-test.timeout", limit.String())
	cmd.Dir, cmd.Env = filepath.Join(r.root, filepath.FromSlash(p.dir)), append(slices.Clone(r.env), env...)
	cmd.WaitDelay = 5 * time.Second
	text, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return passed, text
	case bytes.Contains(text, []byte("panic: test timed out after")), errors.Is(bounded.Err(), context.DeadlineExceeded):
		return late, text
	case bytes.Contains(text, []byte("mutant: too much work")), bytes.Contains(text, []byte("out of memory")):
		return tooMuch, text
	}
	return failed, text
}

// measure runs each test alone without a mutant, and notes what it reaches.
// Tests that fail then are left out.
func (r *runner) measure(ctx context.Context, programs []*program) ([]*test, error) {
	var all []*test
	for _, p := range programs {
		cmd := exec.CommandContext(ctx, p.path, "-test.list", "^(Test|Example|Fuzz)")
		cmd.Dir, cmd.Env = filepath.Join(r.root, filepath.FromSlash(p.dir)), r.env
		text, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("the tests of %s: %w", p.dir, err)
		}
		for name := range strings.FieldsSeq(string(text)) {
			all = append(all, &test{program: p, name: name})
		}
	}
	problems := make([]error, len(all))
	r.each(ctx, len(all), func(i int) { problems[i] = r.measureOne(ctx, i, all[i]) })
	for i, err := range problems {
		if err != nil {
			r.say("left out: %s %s: %v", all[i].program.dir, all[i].name, err)
			all[i] = nil
		}
	}
	return slices.DeleteFunc(all, func(t *test) bool { return t == nil || len(t.reached) == 0 }), ctx.Err()
}

func (r *runner) measureOne(ctx context.Context, i int, t *test) error {
	notes := filepath.Join(r.work, fmt.Sprintf("notes-%d", i))
	began := time.Now()
	result, text := r.run(ctx, t.program, "^"+regexp.QuoteMeta(t.name)+"$", 20*time.Minute,
		"ANPR_MUTANT=note", "ANPR_MUTANT_NOTES="+notes)
	t.took = time.Since(began)
	if result != passed {
		return fmt.Errorf("it fails without a mutant: %s", lastLines(text))
	}
	t.reached = map[int]bool{}
	noted, err := os.ReadFile(notes)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(noted)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "turns" {
			n, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				return fmt.Errorf("notes: %w", err)
			}
			t.turns = max(t.turns, n)
			continue
		}
		id, err := strconv.Atoi(word)
		if err != nil {
			return fmt.Errorf("notes: %w", err)
		}
		t.reached[id] = true
	}
	return os.RemoveAll(notes)
}

func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], "\n  ")
}

// each calls f for each number below n, several at once, until the context
// ends.
func (r *runner) each(ctx context.Context, n int, f func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range r.workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
}

// A verdict says what became of a mutant.
type verdict string

const (
	killed       verdict = "killed"
	killedByWork verdict = "killed by its work" // more than twenty times that of the tests without it, or memory
	killedByTime verdict = "killed by time"     // twice in a row
	survived     verdict = "survived"
	unreached    verdict = "survived, reached by no test"
	notRun       verdict = "not run"
)

// judge runs the tests that reach a mutant, fast ones first, until one fails.
// Of many equally fast ones that one counts which the program runs first. by
// names the test.
func (r *runner) judge(ctx context.Context, m *mutant, tests []*test) (v verdict, by string) {
	var reaching []*test
	for _, t := range tests {
		if t.reached[m.id] {
			reaching = append(reaching, t)
		}
	}
	if len(reaching) == 0 {
		return unreached, ""
	}
	for _, group := range groups(reaching) {
		v, by := r.judgeBy(ctx, m, group)
		if ctx.Err() != nil {
			return notRun, ""
		}
		if v != survived {
			return v, by
		}
	}
	return survived, ""
}

// groups puts tests into groups that one run of a program can do, by how long
// they take.
func groups(tests []*test) [][]*test {
	var out [][]*test
	from := time.Duration(0)
	for _, to := range []time.Duration{300 * time.Millisecond, 3 * time.Second, time.Hour} {
		byProgram := map[*program][]*test{}
		var order []*program
		for _, t := range tests {
			if t.took < from || t.took >= to {
				continue
			}
			if byProgram[t.program] == nil {
				order = append(order, t.program)
			}
			byProgram[t.program] = append(byProgram[t.program], t)
		}
		for _, p := range order {
			out = append(out, byProgram[p])
		}
		from = to
	}
	return out
}

// leastLimit is the least time that tests get; a busy machine must not kill.
const leastLimit = 30 * time.Second

func (r *runner) judgeBy(ctx context.Context, m *mutant, tests []*test) (verdict, string) {
	var names []string
	var took time.Duration
	turns := int64(50_000_000)
	for _, t := range tests {
		names = append(names, regexp.QuoteMeta(t.name))
		took += t.took
		turns += 20 * t.turns
	}
	pattern := "^(?:" + strings.Join(names, "|") + ")$"
	limit := max(leastLimit, 10*took)
	env := []string{"ANPR_MUTANT=" + strconv.Itoa(m.id), "ANPR_MUTANT_WORK=" + strconv.FormatInt(turns, 10)}
	program := tests[0].program
	result, text := r.run(ctx, program, pattern, limit, env...)
	if result == late && ctx.Err() == nil {
		result, text = r.run(ctx, program, pattern, limit, env...)
	}
	switch result {
	case passed:
		return survived, ""
	case tooMuch:
		return killedByWork, program.dir
	case late:
		return killedByTime, program.dir
	}
	return killed, program.dir + " " + failing(text)
}

// failing returns the name of the test that failed first.
func failing(text []byte) string {
	for _, prefix := range []string{"--- FAIL: ", "panic: "} {
		if _, rest, ok := bytes.Cut(text, []byte(prefix)); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			return strings.TrimSpace(string(line[:min(len(line), 80)]))
		}
	}
	return "ended by itself"
}
