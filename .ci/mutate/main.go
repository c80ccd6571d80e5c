// Command mutate does mutation testing: it changes the source in one small way
// after the other and sees whether a test fails. Each change that none notices
// is printed: a survivor is something that the tests do not hold.
//
//	go run ./.ci/mutate [-seed N] [-n MUTANTS] [-area NAME,...] [-minutes N] [-at FILE[:LINE]]
//
// Mutants come from operators over the syntax tree and are drawn by a seed,
// which is printed; none is picked. All those drawn are compiled into the test
// programs at once, each behind a question whether it is active, so that one
// mutant costs one run of the tests that reach it. Foreign judges and services
// are left out.
//
// The operators:
//
//	boundary    < and <=, > and >=
//	negate      == and !=, < and >=, a condition or a boolean result and its opposite
//	skip-if     an if whose condition is false
//	logic       && and ||
//	arithmetic  + and -, += and -=, ++ and --
//	return-nil  nil for an error that is returned
//	drop        a call or an assignment that does not happen
//	constant    true and false; a named constant and the next of its type; n and n+1, 2n if it is large
//	case        a case that is never taken
//
// Left out is what races (calls to package sync), what may change no more than
// the use of memory (arguments of make), what errors say in English (arguments of
// fmt.Errorf), what is returned beside an error, and what package-level variables
// hold.
// Mutants that are listed in equivalents.txt, with the reason why no test can
// tell them from the original, are not drawn.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	root        string
	seed        uint64
	perArea     int
	areas       []area
	at          string // a file, or a file and a line
	minutes     int
	workers     int
	equivalents string
	list        bool
	verbose     bool
}

func main() {
	o := options{}
	names := flag.String("area", "", "names of areas, separated by commas; all if empty")
	flag.StringVar(&o.root, "root", ".", "folder of the module")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "of the draw")
	flag.IntVar(&o.perArea, "n", 80, "mutants in each area; 0 for all")
	flag.StringVar(&o.at, "at", "", "only mutants of this file, or of this line of it (file:line)")
	flag.IntVar(&o.minutes, "minutes", 120, "after which no further mutant is run")
	flag.IntVar(&o.workers, "j", runtime.NumCPU(), "programs run at once")
	flag.StringVar(&o.equivalents, "equivalents", ".ci/mutate/equivalents.txt", "list of equivalent mutants")
	flag.BoolVar(&o.list, "list", false, "print the mutants that are drawn, and run none")
	flag.BoolVar(&o.verbose, "v", false, "print those that are killed too, and by which test")
	flag.Parse()
	for _, a := range areas() {
		if *names == "" || slices.Contains(strings.Split(*names, ","), a.name) {
			o.areas = append(o.areas, a)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := mutate(ctx, o, func(format string, args ...any) { fmt.Printf(format+"\n", args...) }); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// A result is what became of the mutants of one area.
type result struct {
	area     string
	verdicts map[*mutant]verdict
}

func mutate(ctx context.Context, o options, say func(string, ...any)) ([]result, error) {
	if len(o.areas) == 0 {
		return nil, errors.New("no such area")
	}
	root, err := filepath.Abs(o.root)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	say("seed %d", o.seed)
	drawn, err := draw(ctx, root, o, say)
	if err != nil || o.list {
		return nil, err
	}
	work, err := os.MkdirTemp("", "anpr-mutate-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	r, err := newRunner(root, work, o.workers, say)
	if err != nil {
		return nil, err
	}
	packages := map[*pkg][]*mutant{}
	var dirs []string
	for i, a := range o.areas {
		for _, m := range drawn[i] {
			packages[m.pkg] = append(packages[m.pkg], m)
		}
		if len(drawn[i]) > 0 {
			dirs = append(dirs, a.tests...)
		}
	}
	slices.Sort(dirs)
	file, err := overlay(root, work, packages)
	if err != nil {
		return nil, err
	}
	programs, err := r.build(ctx, file, slices.Compact(dirs))
	if err != nil {
		return nil, err
	}
	say("%d test programs built after %s", len(programs), time.Since(began).Round(time.Second))
	tests, err := r.measure(ctx, programs)
	if err != nil {
		return nil, err
	}
	say("%d tests reach a mutant; measured after %s", len(tests), time.Since(began).Round(time.Second))
	bounded, cancel := context.WithDeadline(ctx, began.Add(time.Duration(o.minutes)*time.Minute))
	defer cancel()
	var results []result
	for i, a := range o.areas {
		results = append(results, r.area(bounded, a, drawn[i], tests, o.verbose))
	}
	summary(results, say)
	say("after %s", time.Since(began).Round(time.Second))
	return results, nil
}

// draw returns the mutants of each area.
func draw(ctx context.Context, root string, o options, say func(string, ...any)) ([][]*mutant, error) {
	known, err := readEquivalents(filepath.Join(root, filepath.FromSlash(o.equivalents)))
	if err != nil {
		return nil, err
	}
	l := &loader{root: root, pkgs: map[string]*pkg{}}
	out := make([][]*mutant, len(o.areas))
	taken := map[string]bool{}
	id := 0
	for i, a := range o.areas {
		files, err := l.sources(a.sources)
		if err != nil {
			return nil, err
		}
		packages := map[*pkg][]*mutant{}
		for _, file := range files {
			if taken[file] {
				continue
			}
			taken[file] = true
			p, err := l.load(ctx, path.Dir(file))
			if err != nil {
				return nil, err
			}
			if p.files[file] == nil {
				continue // for another system
			}
			for _, m := range p.enumerate(file) {
				id++
				m.id, m.area = id, a.name
				packages[p] = append(packages[p], m)
			}
		}
		all, refused, err := compiling(packages)
		if err != nil {
			return nil, err
		}
		count := len(all)
		all, named := withoutEquivalents(all, known)
		if out[i] = pick(all, o, uint64(i)); o.at == "" {
			say("%s: %d of %d mutants drawn, from %d files; %d more are equivalent, %d do not compile",
				a.name, len(out[i]), count-named, len(files), named, refused)
		}
		if o.list {
			for _, m := range out[i] {
				say("%s", m)
			}
		}
	}
	for _, e := range known {
		if len(o.areas) == len(areas()) && !e.found {
			say("%s, line %d: no such mutant any more: %s %s", o.equivalents, e.line, e.file, e.function)
		}
	}
	return out, nil
}

// compiling returns those mutants that compile, in a fixed order.
func compiling(packages map[*pkg][]*mutant) (all []*mutant, refused int, err error) {
	byDir := func(a, b *pkg) int { return strings.Compare(a.dir, b.dir) }
	for _, p := range slices.SortedFunc(maps.Keys(packages), byDir) {
		_, bad, err := p.compile(packages[p])
		if err != nil {
			return nil, 0, err
		}
		refused += len(bad)
		for _, m := range packages[p] {
			if !slices.Contains(bad, m) {
				all = append(all, m)
			}
		}
	}
	return all, refused, nil
}

func withoutEquivalents(all []*mutant, known []*equivalent) (left []*mutant, named int) {
	left = slices.DeleteFunc(slices.Clone(all), func(m *mutant) bool {
		for _, e := range known {
			if e.is(m) {
				e.found = true
				return true
			}
		}
		return false
	})
	return left, len(all) - len(left)
}

// pick draws from the mutants of an area.
func pick(all []*mutant, o options, stream uint64) []*mutant {
	if o.at != "" {
		file, line, withLine := strings.Cut(o.at, ":")
		return slices.DeleteFunc(all, func(m *mutant) bool {
			return m.file != file || withLine && strconv.Itoa(m.line) != line
		})
	}
	if o.perArea == 0 || o.perArea >= len(all) {
		return all
	}
	random := rand.New(rand.NewPCG(o.seed, stream))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	out := all[:o.perArea]
	slices.SortFunc(out, func(a, b *mutant) int { return a.id - b.id })
	return out
}

// area runs the tests on the mutants of an area.
func (r *runner) area(ctx context.Context, a area, mutants []*mutant, tests []*test, verbose bool) result {
	tests = slices.DeleteFunc(slices.Clone(tests), func(t *test) bool { return !slices.Contains(a.tests, t.program.dir) })
	res := result{area: a.name, verdicts: map[*mutant]verdict{}}
	for _, m := range mutants {
		res.verdicts[m] = notRun
	}
	var mu sync.Mutex
	r.each(ctx, len(mutants), func(i int) {
		v, by := r.judge(ctx, mutants[i], tests)
		mu.Lock()
		defer mu.Unlock()
		res.verdicts[mutants[i]] = v
		if v == survived || v == unreached || verbose {
			r.say("\n%s %s\n%s", v, by, mutants[i])
		}
	})
	r.say("\n%s", res)
	return res
}
