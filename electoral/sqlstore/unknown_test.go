package sqlstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A cutter passes a connection to PostgreSQL on, and cuts it when the client sends
// COMMIT: before the server has it, or when the server has answered.
type cutter struct {
	net.Listener
	server string
	// cut says what happens at the next COMMIT.
	cut atomic.Value // of "", "before", "after"
}

func newCutter(t *testing.T, dsn string) (*cutter, string) {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{Listener: l, server: u.Host}
	c.cut.Store("")
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.pass(conn)
		}
	}()
	u.Host = l.Addr().String()
	return c, u.String()
}

func (c *cutter) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var lost atomic.Bool
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if lost.Load() || err != nil {
				_ = client.Close()
				return
			}
			if _, err := client.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if how := c.cut.Load(); how != "" && bytes.Contains(buf[:n], []byte("COMMIT\x00")) {
			c.cut.Store("")
			if how == "before" {
				return
			}
			lost.Store(true)
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// outcomes remembers the outcomes that the access log has of each request.
type outcomes struct {
	mu   sync.Mutex
	last map[string]string
}

func (o *outcomes) Record(_ context.Context, a electoral.Access) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last[a.RequestID] = a.Outcome
	return nil
}

func (o *outcomes) of(id string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[id]
}

func registryOn(t *testing.T, store registry.Store, people electoral.Population) (*registry.Registry, *outcomes) {
	log := &outcomes{last: map[string]string{}}
	r, err := registry.New(registry.Config{Store: store, Population: people, Recorder: log,
		Now: func() time.Time { return time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC) }})
	require.NoError(t, err)
	return r, log
}

func asOfficer(comune, id string) electoral.Request {
	return electoral.Request{ID: id, Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
		Role: electoral.OfficerRole, Comune: comune, Method: electoral.SPIDMethod, Level: 2}}
}

// TestLostAtCommit loses the connection at COMMIT, before the server has it or after
// it has committed: the caller is told that it is not known, the log too, and the
// same request again does the change or returns its answer.
func TestLostAtCommit(t *testing.T) {
	direct := testenv.Postgres(t)
	cutter, dsn := newCutter(t, direct)
	db, err := sqlstore.OpenPostgres(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 5,
		At: electoral.Date{Year: 2026, Month: 11, Day: 22}})
	require.NoError(t, err)
	r, log := registryOn(t, db.Store(), db.Population())
	section := g.Sections()[0]
	for i, how := range []string{"before", "after"} {
		section.SeatName = "SEDE " + how
		req := asOfficer("A074", fmt.Sprint("lost", i))
		cutter.cut.Store(how)
		_, err := r.PutSection(t.Context(), req, section)
		require.ErrorIs(t, err, electoral.ErrUnknown)
		require.Equal(t, electoral.Unknown, log.of(req.ID))
		stands, err := r.Section(t.Context(), asOfficer("A074", fmt.Sprint("read", i)), "A074", section.Number)
		if how == "after" {
			require.NoError(t, err)
			require.Equal(t, section.SeatName, stands.SeatName)
		} else {
			require.Error(t, err)
		}
		_, err = r.PutSection(t.Context(), req, section)
		require.NoError(t, err)
		want := electoral.Granted
		if how == "after" {
			want = electoral.Repeated
		}
		require.Equal(t, want, log.of(req.ID))
	}
}

// TestCancelled cancels changes at any moment: what a caller is told, and the log
// keeps, is what became of them.
func TestCancelled(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for name, open := range map[string]func(t *testing.T) (*sqlstore.DB, error){
		"sqlite": func(t *testing.T) (*sqlstore.DB, error) {
			return sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "r.db"))
		},
		"postgres": func(t *testing.T) (*sqlstore.DB, error) {
			return sqlstore.OpenPostgres(t.Context(), testenv.Postgres(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := open(t)
			require.NoError(t, err)
			defer func() { _ = db.Close() }()
			g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 5,
				At: electoral.Date{Year: 2026, Month: 11, Day: 22}})
			require.NoError(t, err)
			r, log := registryOn(t, db.Store(), db.Population())
			section := g.Sections()[0]
			random := rand.New(rand.NewPCG(seed, 2))
			begin := time.Now()
			_, err = r.PutSection(t.Context(), asOfficer("A074", "first"), section)
			require.NoError(t, err)
			usual := time.Since(begin)
			done, stopped := 0, 0
			for i := 0; i < 400 || done == 0 || stopped == 0; i++ {
				section.SeatName = fmt.Sprint("SEDE ", i)
				req := asOfficer("A074", fmt.Sprint("c", i))
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(2*usual)+1)))
				_, err := r.PutSection(ctx, req, section)
				cancel()
				var is electoral.Section
				require.NoError(t, db.Store().View(t.Context(), func(rd registry.Reader) error {
					var err error
					is, err = rd.Section(t.Context(), "A074", section.Number)
					return err
				}))
				stands := is.SeatName == section.SeatName
				switch {
				case err == nil:
					done++
					require.True(t, stands, "%d: done, and it does not stand", i)
					require.Equal(t, electoral.Granted, log.of(req.ID))
				case errors.Is(err, electoral.ErrUnknown):
					require.Equal(t, electoral.Unknown, log.of(req.ID))
				default:
					stopped++
					require.False(t, stands, "%d: an error, and it stands: %v", i, err)
					require.Equal(t, electoral.Failed, log.of(req.ID))
				}
			}
		})
	}
}

// asRole returns a connection string with another user.
func asRole(t *testing.T, dsn, role, password string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(role, password)
	return u.String()
}
