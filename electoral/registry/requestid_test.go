package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A gap calls between, once, after an update that was refused.
type gap struct {
	registry.Store
	between func()
}

func (g *gap) Update(ctx context.Context, fn func(registry.Writer) error) error {
	err := g.Store.Update(ctx, fn)
	if _, refused := errors.AsType[electoral.Faults](err); refused && g.between != nil {
		between := g.between
		g.between = nil
		between()
	}
	return err
}

// TestSameIDAtOnce sends one request twice at once: what the second copy is answered,
// while the first has been judged and its refusal is not kept yet, the first is
// answered too.
func TestSameIDAtOnce(t *testing.T) {
	inTown(t, func(c *town) {
		store := &gap{Store: c.store}
		r, err := registry.New(registry.Config{Store: store, Population: c.population, Recorder: c.log,
			Now: func() time.Time { return c.now }})
		require.NoError(c.t, err)
		req := officer(aglie)
		remove := func() error {
			_, _, err := r.Remove(c.ctx(), req, registry.RemovalRequest{ANPRID: "1", List: electoral.GeneralList,
				Cause: electoral.CauseOther})
			return err
		}
		// Refused, since he is in no list; then he is enrolled, and the copy removes him.
		store.between = func() {
			_, err := r.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, "1"))
			require.NoError(c.t, err)
			require.NoError(c.t, remove())
		}
		require.NoError(c.t, remove())
		assert.Equal(c.t, []string{electoral.Repeated}, c.log.outcomes()[len(c.log.accesses)-1:])
		// Two different refusals, of which one is kept.
		req = officer(airasca)
		kept := ""
		store.between = func() {
			_, err := r.Enrol(c.ctx(), officer(aglie), electorOf("1", aglie, "1"))
			require.NoError(c.t, err)
			kept = fmt.Sprint(remove())
		}
		first := remove()
		require.Error(c.t, first)
		assert.Equal(c.t, kept, first.Error())
		assert.Equal(c.t, kept, fmt.Sprint(remove()))
	})
}

// TestRequestIDFar refuses a number that would shut out all that follow, and lowers one
// that got through, on record.
func TestRequestIDFar(t *testing.T) {
	inTown(t, func(c *town) {
		put := func(id string) error {
			req := officer(aglie)
			req.ID = id
			_, err := c.PutSection(c.ctx(), req, sectionOf(aglie, "1"))
			return err
		}
		f := only(t, put(strings.Repeat("9", 64)), electoral.RequestIDFar)
		assert.Equal(t, "long", f.Case)
		require.NoError(t, put("20261130000000000001"), "the first may be any")
		require.NoError(t, put("20261130000000000002"))
		f = only(t, put("20261130001000000003"), electoral.RequestIDFar)
		assert.Contains(t, f.Message, "20261130000000000002")
		assertTold(t, f)
		require.NoError(t, put("20261130001000000002"), "by 1,000,000,000")
		only(t, put("5"), electoral.RequestIDOld)

		lower := func(id, last string) (string, error) {
			req := officer(aglie)
			if id != "" {
				req.ID = id
			}
			return c.LowerRequestID(c.ctx(), req, aglie, last)
		}
		for _, bad := range [][2]string{{"", ""}, {"", "x"}, {"7", "4"}, {"", strings.Repeat("1", 31)}, {"", "\xff"}} {
			_, err := lower(bad[0], bad[1])
			assert.Equal(t, "digits", only(t, err, electoral.RequestIDFar).Case)
		}
		_, err := lower("", "20261130001000000002")
		assert.Equal(t, "lower", only(t, err, electoral.RequestIDFar).Case)
		_, err = c.LowerRequestID(c.ctx(), officer(airasca), aglie, "4")
		only(t, err, electoral.NotCompetent)
		old, err := lower("", "4")
		require.NoError(t, err)
		assert.Equal(t, "20261130001000000002", old)
		last := c.log.accesses[len(c.log.accesses)-1]
		assert.Equal(t, electoral.OpLowerRequestID, last.Operation)
		assert.Equal(t, []electoral.Detail{{Key: "last-is", Value: "4"}, {Key: "last-was", Value: old}}, last.Details)
		require.NoError(t, put("5"))
		require.NoError(t, put("20261130000000000002"), "its answer is kept")
		_, err = lower("", "1")
		require.NoError(t, err)
	})
}

// TestMessageIDs: what came as a message of ANPR's has an id of its form.
func TestMessageIDs(t *testing.T) {
	inTown(t, func(c *town) {
		for id, right := range map[string]bool{"1": true, "aZ9": true, strings.Repeat("a", 30): true,
			strings.Repeat("a", 31): false, "a-1": false, "a.1": false} {
			req := officer(aglie)
			req.ID, req.Message = id, true
			_, err := c.PutSection(c.ctx(), req, sectionOf(aglie, "1"))
			if right {
				require.NoError(t, err, id)
				continue
			}
			assert.Equal(t, "anpr", only(t, err, electoral.RequestIDMissing).Case, id)
		}
	})
}
