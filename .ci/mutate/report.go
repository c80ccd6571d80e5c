package main

import (
	"fmt"
	"slices"
	"strings"
)

// String returns a mutant as equivalents.txt names it.
func (m *mutant) String() string {
	return fmt.Sprintf("%s:%d %s %s\n- %s\n+ %s", m.file, m.line, m.function, m.operator, m.before, m.after)
}

func (r result) count(list ...verdict) int {
	n := 0
	for _, v := range r.verdicts {
		if slices.Contains(list, v) {
			n++
		}
	}
	return n
}

func (r result) killed() int { return r.count(killed, killedByWork, killedByTime) }

func (r result) run() int { return len(r.verdicts) - r.count(notRun) }

func (r result) String() string {
	return fmt.Sprintf("%s: killed %s; of these by a test %d, by their work %d, by time %d; "+
		"survived %d, of these reached by no test %d; not run %d",
		r.area, share(r.killed(), r.run()), r.count(killed), r.count(killedByWork), r.count(killedByTime),
		r.count(survived, unreached), r.count(unreached), r.count(notRun))
}

func share(part, of int) string {
	if of == 0 {
		return "0 of 0"
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", part, of, 100*float64(part)/float64(of))
}

// summary prints what became of all mutants: those that survived, those that
// only the clock killed, and the figures.
func summary(results []result, say func(string, ...any)) {
	for _, v := range []verdict{survived, unreached, killedByTime} {
		var list []*mutant
		for _, r := range results {
			for m, is := range r.verdicts {
				if is == v {
					list = append(list, m)
				}
			}
		}
		if len(list) == 0 {
			continue
		}
		slices.SortFunc(list, func(a, b *mutant) int { return a.id - b.id })
		say("\n=== %s: %d", v, len(list))
		for _, m := range list {
			say("\n%s", m)
		}
	}
	say("\n=== figures")
	killed, run, unseen := 0, 0, 0
	byOperator := map[string][2]int{}
	for _, r := range results {
		say("%s", r)
		killed, run, unseen = killed+r.killed(), run+r.run(), unseen+r.count(unreached)
		for m, v := range r.verdicts {
			n := byOperator[m.operator]
			if v != notRun {
				n[1]++
				if !strings.HasPrefix(string(v), "survived") {
					n[0]++
				}
			}
			byOperator[m.operator] = n
		}
	}
	var lines []string
	for op, n := range byOperator {
		lines = append(lines, fmt.Sprintf("%s %s", op, share(n[0], n[1])))
	}
	slices.Sort(lines)
	say("%s", strings.Join(lines, "; "))
	say("of those that a test reaches: killed %s", share(killed, run-unseen))
	say("killed %s", share(killed, run))
}
