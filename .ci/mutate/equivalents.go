package main

import (
	"fmt"
	"os"
	"strings"
)

// An equivalent is a mutant that no test can tell from the original, with the
// reason.
type equivalent struct {
	file, function, operator, before, after, reason string
	line                                            int // of the file that lists it
	found                                           bool
}

// readEquivalents reads the list of them, in blocks as survivors are printed,
// separated by empty lines:
//
//	FILE[:LINE] FUNCTION OPERATOR
//	- source before
//	+ source after
//	the reason, in as many lines as it takes
//
// The line number is not looked at. Lines that begin with # are comments.
func readEquivalents(name string) ([]*equivalent, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out []*equivalent
	var block []string
	end := func(line int) error {
		if len(block) == 0 {
			return nil
		}
		e, err := parseEquivalent(block)
		if err != nil {
			return fmt.Errorf("%s, before line %d: %w", name, line, err)
		}
		e.line = line - len(block)
		out, block = append(out, e), nil
		return nil
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line != "" {
			block = append(block, line)
			continue
		}
		if err := end(n); err != nil {
			return nil, err
		}
	}
	return out, end(n + 1)
}

func parseEquivalent(block []string) (*equivalent, error) {
	head := strings.Fields(block[0])
	if len(head) != 3 {
		return nil, fmt.Errorf("%q: expected file, function and operator", block[0])
	}
	file, _, _ := strings.Cut(head[0], ":")
	e := &equivalent{file: file, function: head[1], operator: head[2]}
	if len(block) < 4 || block[1][0] != '-' || block[2][0] != '+' {
		return nil, fmt.Errorf("%q: expected a line with -, a line with + and the reason", block[0])
	}
	e.before, e.after = even(block[1][1:]), even(block[2][1:])
	e.reason = strings.Join(block[3:], " ")
	return e, nil
}

func (e *equivalent) is(m *mutant) bool {
	return e.file == m.file && e.function == m.function && e.operator == m.operator &&
		e.before == m.before && e.after == m.after
}
