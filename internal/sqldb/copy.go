package sqldb

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// copyReader writes rows in COPY's text format while the server reads them.
type copyReader struct {
	n    int
	row  func(int) ([]any, error)
	at   int
	rest []byte // what the server has not taken yet, in buffer
	err  error  // of row

	buffer []byte
}

func (c *copyReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if c.at == c.n {
			return 0, io.EOF
		}
		c.buffer = c.buffer[:0]
		for c.at < c.n && len(c.buffer) < len(p) {
			values, err := c.row(c.at)
			if err == nil {
				c.buffer, err = appendRow(c.buffer, values)
			}
			if err != nil {
				c.err = err
				return 0, err
			}
			c.at++
		}
		c.rest = c.buffer
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// appendRow appends a row: values between tabs, \N for NULL, a line feed.
func appendRow(b []byte, values []any) ([]byte, error) {
	for i, v := range values {
		if i > 0 {
			b = append(b, '\t')
		}
		switch v := v.(type) {
		case nil:
			b = append(b, `\N`...)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case string:
			b = appendText(b, v)
		default:
			return b, fmt.Errorf("sqldb: copy of a %T: expected a string, an int64 or nil", v)
		}
	}
	return append(b, '\n'), nil
}

// appendText escapes what COPY would take for its own signs.
func appendText(b []byte, s string) []byte {
	const own = "\\\t\n\r\b\f\v"
	for {
		i := strings.IndexAny(s, own)
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, s[:i]...)
		switch s[i] {
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		default: // a backslash before any other sign is that sign
			b = append(b, '\\', s[i])
		}
		s = s[i+1:]
	}
}

func (t *postgresTx) Copy(
	ctx context.Context, table string, columns []string, n int, row func(int) ([]any, error),
) error {
	t.wrote = true
	if n == 0 {
		return nil
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = pgx.Identifier{c}.Sanitize()
	}
	t.changes.add(&t.changes.written, table)
	r := &copyReader{n: n, row: row}
	_, err := t.conn.PgConn().CopyFrom(ctx, r,
		"COPY "+t.names.table(table)+" ("+strings.Join(names, ", ")+") FROM STDIN")
	if r.err != nil {
		// The server tells it back as an error of its own.
		if t.err == nil {
			t.err = r.err
		}
		return r.err
	}
	return t.failed(err)
}
