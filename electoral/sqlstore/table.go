package sqlstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// table is a table with its columns; those of the key come first.
type table struct {
	name       string
	ref        string // the name as a statement has it
	columns    []string
	insertText string
	updateText string
	list       string // the columns, for a query
}

func newTable(name string, keys int, columns ...string) table {
	t := table{name: name, ref: "{" + name + "}", columns: columns, list: strings.Join(columns, ", ")}
	var places, sets, where []string
	for i, c := range columns {
		place := "$" + strconv.Itoa(i+1)
		places = append(places, place)
		if i < keys {
			where = append(where, c+" = "+place)
		} else {
			sets = append(sets, c+" = "+place)
		}
	}
	t.insertText = "INSERT INTO " + t.ref + " (" + t.list + ") VALUES (" + strings.Join(places, ", ") + ")"
	t.updateText = "UPDATE " + t.ref + " SET " + strings.Join(sets, ", ") + " WHERE " + strings.Join(where, " AND ")
	return t
}

func (t table) insert(row ...any) sqldb.Statement {
	return sqldb.Statement{Text: t.insertText, Args: row}
}

// update changes the row with the key of row.
func (t table) update(row ...any) sqldb.Statement {
	return sqldb.Statement{Text: t.updateText, Args: row}
}

// remove deletes the row with a key.
func (t table) remove(key ...any) sqldb.Statement {
	text := "DELETE FROM " + t.ref + " WHERE "
	for i := range key {
		if i > 0 {
			text += " AND "
		}
		text += t.columns[i] + " = $" + strconv.Itoa(i+1)
	}
	return sqldb.Statement{Text: text, Args: key}
}

// storable reports whether a text may stand in the database; one that cannot be
// there needs no query.
func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// jsonText writes a value as JSON, and fails where encoding/json would change
// a text.
func jsonText[T any](v T) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("sqlstore: %w", err)
	}
	// How it writes a byte that is not UTF-8.
	if bytes.Contains(data, []byte(`\ufffd`)) {
		var back T
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(v, back) {
			return "", fmt.Errorf("sqlstore: %T: a text is not UTF-8", v)
		}
	}
	return string(data), nil
}

// optionalJSON is jsonText with NULL for nil.
func optionalJSON[T any](v *T) (any, error) {
	if v == nil {
		return nil, nil
	}
	return jsonText(*v)
}

// listJSON is jsonText with NULL for an empty list.
func listJSON[T any](list []T) (any, error) {
	if len(list) == 0 {
		return nil, nil
	}
	return jsonText(list)
}

// size is how many rows a page has at most.
type size int

// pageSize is how many rows a listing reads at once: its memory, while the
// connection is free between two pages. The first page is smaller: many look
// only at that.
const (
	pageSize  = 1000
	firstPage = 128
)

// limit is the size as SQL has it: a number in the text, which a planner
// knows.
func (n size) limit() string { return " LIMIT " + strconv.Itoa(int(n)) }

// paged yields the rows of one page after the other. page returns those that
// follow after, nil for the first page; fewer than n are the last.
func paged[T any](page func(after *T, n size) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var after *T
		for n := size(firstPage); ; n = pageSize {
			rows, err := page(after, n)
			if err != nil {
				yield(none, err)
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
			}
			if len(rows) < int(n) {
				return
			}
			after = &rows[len(rows)-1]
		}
	}
}
