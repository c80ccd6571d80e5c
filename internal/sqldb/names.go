package sqldb

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// DefaultSchema is the schema of PostgreSQL in which the tables stand if no other is
// named.
const DefaultSchema = "anpr"

// names writes the tables of a statement as the database has them: {records} is
// "anpr"."records" on PostgreSQL and records on SQLite. It keeps what it has written,
// so that a text is read once.
type names struct {
	schema string      // empty on SQLite
	spread atomic.Bool // its tables, over the nodes of a cluster

	mu    sync.RWMutex
	known map[string]string
}

func newNames(schema string) *names { return &names{schema: schema, known: map[string]string{}} }

// maxKnown bounds the texts that are kept: a program has fewer, unless a caller makes
// ever new combinations of conditions.
const maxKnown = 2000

// tableName is how a statement names a table. What else has braces, such as a regular
// expression, holds no name alone between them.
var tableName = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

func (n *names) statement(text string) string {
	if strings.IndexByte(text, '{') < 0 {
		return text
	}
	n.mu.RLock()
	out, ok := n.known[text]
	n.mu.RUnlock()
	if ok {
		return out
	}
	out = n.script(text)
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= maxKnown {
		clear(n.known)
	}
	n.known[text] = out
	return out
}

// script is statement for a text that is used once.
func (n *names) script(text string) string {
	return tableName.ReplaceAllStringFunc(text, func(m string) string { return n.table(m[1 : len(m)-1]) })
}

// table returns a table's name as a statement has it.
func (n *names) table(name string) string {
	if n.schema == "" {
		return name
	}
	return pgx.Identifier{n.schema, name}.Sanitize()
}

// fitSchema refuses what no schema of PostgreSQL may be called, or what would not be
// ours alone.
func fitSchema(schema string) error {
	const longest = 63 // bytes of a name of PostgreSQL
	switch {
	case schema == "" || len(schema) > longest || !utf8.ValidString(schema) || strings.ContainsAny(schema, "\x00{}"):
		return fmt.Errorf("sqldb: schema %q: expected 1 to %d bytes of UTF-8 without U+0000 and braces", schema, longest)
	case strings.HasPrefix(schema, "pg_") || schema == "information_schema":
		return errors.New("sqldb: schema " + schema + " belongs to PostgreSQL: expected one of your own, such as " +
			DefaultSchema)
	}
	return nil
}
