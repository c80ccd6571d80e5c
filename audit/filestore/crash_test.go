package filestore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// childEnv names the folder for a child process of the tests.
const childEnv = "ANPR_FILESTORE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// child appends for ever and says what was acknowledged.
func child(dir string) {
	s, err := Open(dir, Config{})
	if err != nil {
		fmt.Println("error", errors.Is(err, ErrLocked), err)
		os.Exit(3)
	}
	log, err := audit.New(audit.Config{Store: s})
	if err != nil {
		os.Exit(4)
	}
	fmt.Println("open")
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				r, err := log.Append(context.Background(), "H501", audittest.Entry(w*1_000_000+i))
				if err != nil {
					fmt.Println("error", err)
					os.Exit(5)
				}
				// One call of write, so that a line is there or not.
				fmt.Printf("%d %v\n", r.Seq, r.Hash)
			}
		}()
	}
	time.Sleep(time.Hour)
}

func startChild(t *testing.T, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewReader(out)
}

// A process that is killed has lost nothing that it has acknowledged, and its
// lock is gone with it.
func TestKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	acked := map[string]string{}
	for round := range 8 {
		// Killed a moment after so many entries: however slow the machine is, there
		// are some.
		rng := rand.New(rand.NewPCG(uint64(round), 3))
		n, enough := 0, 2+rng.IntN(200)
		after := time.Duration(rng.IntN(5000)) * time.Microsecond
		testenv.Killed(t, "^$", []string{childEnv + "=" + dir}, after, func(line string) bool {
			seq, hash, ok := strings.Cut(line, " ")
			if !ok {
				require.Equal(t, "open", line)
				return false
			}
			require.NotEqual(t, "error", seq, line)
			acked[seq] = hash
			n++
			return n >= enough
		})

		s, err := Open(dir, Config{Full: true})
		require.NoError(t, err, "round %d", round)
		kept := map[string]string{}
		for r, err := range s.Records(t.Context(), "H501", 0) {
			require.NoError(t, err)
			kept[fmt.Sprint(r.Seq)] = r.Hash.String()
		}
		for seq, hash := range acked {
			require.Equal(t, hash, kept[seq], "round %d: record %s was acknowledged", round, seq)
		}
		require.NoError(t, s.Close())
		t.Logf("round %d: %d acknowledged, %d kept in all, cut %v", round, n, len(kept), s.Recoveries())
	}
	require.GreaterOrEqual(t, len(acked), 16, "at least two a round")
	require.True(t, verifyDir(t, dir).OK())
}

// A second writer is kept out, be it of the same process or of another.
func TestTwoWriters(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	s, err := Open(dir, Config{})
	require.NoError(t, err)
	_, err = Open(dir, Config{})
	require.ErrorIs(t, err, ErrLocked)
	_, out := startChild(t, dir)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "error true")

	require.NoError(t, s.Close())
	require.ErrorIs(t, s.Close(), ErrClosed)
	_, err = s.Head(t.Context(), "H501")
	require.ErrorIs(t, err, ErrClosed)
	cmd, out := startChild(t, dir)
	_, err = out.ReadString('\n')
	require.NoError(t, err)
	_, err = out.ReadString('\n')
	require.NoError(t, err)
	_, err = Open(dir, Config{})
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	s, err = Open(dir, Config{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// A medium is a folder in memory that can fail, and that can lose what was not
// synced.
type medium struct {
	files map[string]*inode
	names map[string]*inode // that are durable
	fail  func(op string) error
	short int  // bytes of the next write that are written before it fails
	lies  bool // a sync does nothing
}

type inode struct {
	durable, now []byte
}

func newMedium() *medium {
	return &medium{files: map[string]*inode{}, names: map[string]*inode{}, fail: func(string) error { return nil }}
}

type info struct {
	fs.FileInfo
	node *inode
	size int64
}

func (i info) Size() int64                { return i.size }
func (i info) Name() string               { return "" }
func (i info) Mode() fs.FileMode          { return 0o600 }
func (i info) Type() fs.FileMode          { return 0 }
func (i info) Info() (fs.FileInfo, error) { return i, nil }
func (i info) IsDir() bool                { return false }

type entry struct {
	info
	name string
}

func (e entry) Name() string { return e.name }

func (m *medium) entries() ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for name, n := range m.files {
		out = append(out, entry{info{node: n}, name})
	}
	return out, m.fail("entries")
}

func (m *medium) create(name string) (file, error) {
	if m.files[name] != nil {
		return nil, fs.ErrExist
	}
	if err := m.fail("create"); err != nil {
		return nil, err
	}
	m.files[name] = &inode{}
	return &handle{m, m.files[name]}, nil
}

func (m *medium) open(name string, _ bool) (file, error) {
	if m.files[name] == nil {
		return nil, fs.ErrNotExist
	}
	return &handle{m, m.files[name]}, m.fail("open")
}

func (m *medium) remove(name string) error {
	if err := m.fail("remove"); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

func (m *medium) sync() error {
	if err := m.fail("syncdir"); err != nil {
		return err
	}
	m.names = map[string]*inode{}
	for name, n := range m.files {
		m.names[name] = n
	}
	return nil
}

func (m *medium) same(a, b fs.FileInfo) bool { return a.(info).node == b.(info).node }
func (m *medium) close() error               { return nil }

type handle struct {
	m *medium
	n *inode
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(h.n.now)) {
		return 0, io.EOF
	}
	n := copy(p, h.n.now[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	err := h.m.fail("write")
	if err != nil {
		p = p[:min(len(p), h.m.short)]
	}
	if need := int(off) + len(p); need > len(h.n.now) {
		h.n.now = append(h.n.now, make([]byte, need-len(h.n.now))...)
	}
	return copy(h.n.now[off:], p), err
}

func (h *handle) Sync() error {
	if err := h.m.fail("sync"); err != nil {
		return err
	}
	if !h.m.lies {
		h.n.durable = slices.Clone(h.n.now)
	}
	return nil
}

func (h *handle) Truncate(size int64) error {
	if err := h.m.fail("truncate"); err != nil {
		return err
	}
	h.n.now = h.n.now[:size]
	return nil
}

func (h *handle) Stat() (fs.FileInfo, error) {
	return info{node: h.n, size: int64(len(h.n.now))}, h.m.fail("stat")
}
func (h *handle) Close() error { return nil }

// crash leaves what a disk can hold after the power fails: of what was not
// synced, any set of sectors, and any size between the two; of names that were
// not synced, any.
func (m *medium) crash(rng *rand.Rand) *medium {
	after := newMedium()
	for name, n := range m.files {
		if m.names[name] != n && rng.IntN(2) == 0 {
			continue
		}
		size := len(n.durable)
		if d := len(n.now) - size; d > 0 {
			size += []int{0, d, rng.IntN(d + 1)}[rng.IntN(3)]
		}
		data := make([]byte, size)
		copy(data, n.durable)
		for at := 0; at < size; at += 512 {
			if rng.IntN(2) == 0 && at < len(n.now) {
				end := min(at+512, size, len(n.now))
				copy(data[at:end], n.now[at:end])
			}
		}
		after.files[name] = &inode{durable: data, now: slices.Clone(data)}
		after.names[name] = after.files[name]
	}
	return after
}

// After a failure of power at any moment nothing acknowledged is missing, and
// the log can be opened and goes on.
func TestPowerFailure(t *testing.T) {
	recovered, undecided := map[string]int{}, 0
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		m := newMedium()
		s, err := Open("", Config{folder: m})
		require.NoError(t, err)
		head := audit.EmptyHead("H501")
		var unsynced bool
		for life := range 2 {
			// Some appends in full, then one that the power cuts off before its sync.
			for range rng.IntN(4) {
				one := batchOf(t, rng, head, 1) // the same on each run
				require.NoError(t, s.Append(t.Context(), "H501", one))
				head = audit.HeadOf(one[0])
			}
			batch := batchOf(t, rng, head, 1+rng.IntN(12))
			cut := errors.New("power")
			unsynced = rng.IntN(5) > 0
			m.short = 1 << 30
			m.fail = func(op string) error {
				switch {
				case op == "truncate", op == "remove", unsynced && op == "sync", op == "syncdir" && rng.IntN(2) == 0:
					return cut
				}
				return nil
			}
			if s.Append(t.Context(), "H501", batch) == nil {
				head = audit.HeadOf(batch[len(batch)-1])
			}
			m = m.crash(rng)
			s, err = Open("", Config{folder: m})
			if corrupt, ok := errors.AsType[*CorruptError](err); ok {
				// What cannot be told from a damage, and a person decides: few zeros at
				// the end, or where the damaged record begins before the end of a sector.
				data := m.files[chainFile].now
				last := data[len(data)-len(data)%512:]
				first := data[corrupt.Offset:min(int64(len(data)), corrupt.Offset+512-corrupt.Offset%512)]
				few := isZero(last) && len(last) > 0 && len(last) < 16 || isZero(first) && len(first) < 6
				require.True(t, few, "seed %d, life %d: %v", seed, life, corrupt)
				undecided++
				break
			}
			require.NoError(t, err, "seed %d, life %d", seed, life)
			for _, r := range s.Recoveries() {
				recovered[strings.Join(strings.Fields(r.Problem)[:2], " ")]++
			}
			got, err := s.Head(t.Context(), "H501")
			require.NoError(t, err)
			require.GreaterOrEqual(t, got.Size, head.Size,
				"seed %d, life %d: an acknowledged record is missing", seed, life)
			if got.Size == head.Size {
				require.Equal(t, head, got)
			}
			head = got
			log, err := audit.New(audit.Config{Store: s, Now: clock})
			require.NoError(t, err)
			if head.Size > 0 {
				rep, err := log.Verify(t.Context())
				require.NoError(t, err)
				require.True(t, rep.OK(), "seed %d, life %d: %v", seed, life, rep.AllFaults())
			}
		}
	}
	t.Logf("%v, undecided %d", recovered, undecided)
	require.Less(t, undecided, 60, "one in a hundred")
	require.Greater(t, len(recovered), 1, "the model must produce torn tails and holes")
}

// The model finds what it is for: with a disk that does not sync, records that
// were acknowledged are missing.
func TestPowerFailureHasTeeth(t *testing.T) {
	lost := 0
	for seed := range uint64(200) {
		m := newMedium()
		m.lies = true
		s, err := Open("", Config{folder: m})
		require.NoError(t, err)
		for _, r := range audittest.Grow(t, "H501", audit.EmptyHead("H501"), 5) {
			require.NoError(t, s.Append(t.Context(), "H501", []audit.Record{r}))
		}
		s, err = Open("", Config{folder: m.crash(rand.New(rand.NewPCG(seed, 2)))})
		if err != nil {
			lost++
			continue
		}
		if h, err := s.Head(t.Context(), "H501"); err != nil || h.Size < 5 {
			lost++
		}
	}
	require.Greater(t, lost, 100)
}

func clock() time.Time { return time.Date(2026, 3, 22, 12, 0, 0, 0, time.UTC) }

// batchOf returns records of one append after a head, of many lengths, so that
// they end anywhere in a sector.
func batchOf(t *testing.T, rng *rand.Rand, head audit.Head, n int) []audit.Record {
	t.Helper()
	var entries []audit.Entry
	for i := range n {
		e := audittest.Entry(i)
		e.Purpose = strings.Repeat("x", rng.IntN(200))
		entries = append(entries, e)
	}
	out, err := audit.NewRecords(rand.NewChaCha8([32]byte(head.Hash)), "H501", head, clock(), entries...)
	require.NoError(t, err)
	return out
}

// A failure of the medium is an error of the append, and never a record that
// is acknowledged and missing.
func TestMediumFails(t *testing.T) {
	broken := errors.New("input/output error")
	for _, isNew := range []bool{true, false} {
		for _, c := range []struct {
			name     string
			fails    []string
			short    int
			err      error
			poisoned bool
		}{
			{"full disk", []string{"write"}, 0, syscall.ENOSPC, false},
			{"full disk, in part", []string{"write"}, 100, syscall.ENOSPC, false},
			{"short write that cannot be undone", []string{"write", "truncate", "remove"}, 100, syscall.ENOSPC, true},
			{"sync", []string{"sync"}, 0, broken, true},
			{"sync after a full disk", []string{"write", "sync", "syncdir"}, 10, syscall.ENOSPC, true},
			{"folder's sync", []string{"syncdir"}, 0, broken, isNew},
			{"open", []string{"open", "create"}, 0, broken, false},
			{"stat", []string{"stat"}, 0, broken, isNew},
		} {
			t.Run(fmt.Sprintf("%s, new %t", c.name, isNew), func(t *testing.T) {
				m := newMedium()
				s, err := Open("", Config{folder: m})
				require.NoError(t, err)
				head := audit.EmptyHead("H501")
				if !isNew {
					first := audittest.Grow(t, "H501", head, 2)
					require.NoError(t, s.Append(t.Context(), "H501", first))
					head = audit.HeadOf(first[1])
				}
				more := audittest.Grow(t, "H501", head, 2)
				calls := map[string]int{}
				m.short = c.short
				m.fail = func(op string) error {
					calls[op]++
					if !slices.Contains(c.fails, op) {
						return nil
					}
					return c.err
				}
				err = s.Append(t.Context(), "H501", more)
				if c.name == "folder's sync" && !isNew {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, c.err)
				require.LessOrEqual(t, calls["sync"], 1, "a sync is not tried twice")
				m.fail = func(string) error { return nil }
				err = s.Append(t.Context(), "H501", more)
				if c.poisoned {
					require.ErrorIs(t, err, ErrPoisoned)
					require.ErrorIs(t, err, c.err, "the first cause stays")
					_, err = s.Head(t.Context(), "H501")
					require.ErrorIs(t, err, ErrPoisoned)
				} else {
					require.NoError(t, err, "the next may succeed")
					head = audit.HeadOf(more[1])
				}
				// Opened again, it holds what was acknowledged and is right.
				s, err = Open("", Config{folder: m, Full: true})
				require.NoError(t, err)
				got, err := s.Head(t.Context(), "H501")
				require.NoError(t, err)
				require.GreaterOrEqual(t, got.Size, head.Size)
				if got.Size > 0 {
					log, err := audit.New(audit.Config{Store: s})
					require.NoError(t, err)
					rep, err := log.Verify(t.Context())
					require.NoError(t, err)
					require.True(t, rep.OK(), "%v", rep.AllFaults())
				}
			})
		}
	}
}

// Records that were acknowledged can be read when the chain takes no more.
func TestReadPoisoned(t *testing.T) {
	m := newMedium()
	s, err := Open("", Config{folder: m})
	require.NoError(t, err)
	a := audittest.Grow(t, "H501", audit.EmptyHead("H501"), 3)
	require.NoError(t, s.Append(t.Context(), "H501", a[:2]))
	m.fail = func(op string) error {
		if op == "sync" {
			return syscall.EIO
		}
		return nil
	}
	require.ErrorIs(t, s.Append(t.Context(), "H501", a[2:]), ErrPoisoned)
	n := 0
	for r, err := range s.Records(t.Context(), "H501", 0) {
		require.NoError(t, err)
		assert.Equal(t, a[n], r)
		n++
	}
	assert.Equal(t, 2, n, "the third was not acknowledged")
}
