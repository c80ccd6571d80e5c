package archive_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// childEnv tells the place to the program that TestKilled kills.
const childEnv, childFromEnv = "ANPR_TEST_ARCHIVE_CHILD", "ANPR_TEST_ARCHIVE_FROM"

// childDocument is document n of the child: every fifth expires early.
func childDocument(n int) certificate.Archived {
	d := archivetest.Document(n)
	d.Owner = archivetest.Document(n % 3).Owner
	if n%5 == 0 {
		d.Expires = d.IssuedAt
	}
	return d
}

// TestCrashChild is the program that TestKilled kills: without its environment
// it does nothing. Two of it put documents, a third sweeps; each says what was
// acknowledged.
func TestCrashChild(t *testing.T) {
	place := os.Getenv(childEnv)
	if place == "" {
		return
	}
	var from int
	_, err := fmt.Sscan(os.Getenv(childFromEnv), &from)
	require.NoError(t, err)
	// The first worker, who sweeps after each of his documents, has the even
	// numbers: those of the other may come after a sweep that would have had them.
	from += from % 2
	var a certificate.Archive
	switch {
	case strings.HasPrefix(place, "postgres"):
		a = openPostgres(t, place)
	case strings.HasSuffix(place, ".db"):
		a = openSQLite(t, place)
	default:
		a = openFiles(t, place)
	}
	// One call of write, so that a line is there or not.
	say := func(what string, n int) { _, _ = fmt.Fprintf(os.Stdout, "%s %d\n", what, n) }
	say("open", 0)
	done := make(chan int, 1)
	for w := range 2 {
		go func() {
			for n := from + w; ; n += 2 {
				if err := a.Put(context.Background(), childDocument(n)); err != nil {
					say("error", n)
					os.Exit(5)
				}
				say("put", n)
				if w == 0 {
					done <- n
				}
			}
		}()
	}
	for range 1 << 30 {
		n := <-done
		last := childDocument(n)
		if _, err := a.Sweep(context.Background(), last.IssuedAt); err != nil {
			say("error", n)
			os.Exit(6)
		}
		say("swept", n)
	}
}

// killed runs the child, kills it some time after it has first said a word, and
// adds what it said.
func killed(t *testing.T, place string, from int, word string, after time.Duration, said map[string][]int) {
	t.Helper()
	testenv.Killed(t, "^TestCrashChild$", []string{childEnv + "=" + place, fmt.Sprintf("%s=%d", childFromEnv, from)}, after, func(line string) bool {
		var what string
		var n int
		if _, err := fmt.Sscanf(line, "%s %d", &what, &n); err != nil {
			return false
		}
		said[what] = append(said[what], n)
		return what == word
	})
	require.Empty(t, said["error"])
}

// TestKilled kills a program that puts and sweeps: what was acknowledged is
// there, what was swept is not, and the rest is there as a whole or not at all.
func TestKilled(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			at := e.at(t)
			said := map[string][]int{}
			from, here := 0, 0
			delays := rand.New(rand.NewPCG(testenv.Seed(t, 1), 0)) // what is under way then is for the machine to say
			for round := range 6 {
				killed(t, at.place, from, []string{"put", "swept"}[round%2], time.Duration(delays.Int64N(int64(50*time.Millisecond))), said)
				from, here = checkKilled(t, at, said)
			}
			t.Logf("%d puts and %d sweeps acknowledged, %d documents", len(said["put"]), len(said["swept"]), here)
			require.GreaterOrEqual(t, len(said["put"]), 6, "one for each round")
			require.NotEmpty(t, said["swept"])
			// Half done things are not in the way, and a sweep leaves nothing.
			a := at.archive(t)
			require.NoError(t, a.Put(t.Context(), childDocument(from)))
			n, err := a.Sweep(t.Context(), childDocument(1).Expires)
			require.NoError(t, err)
			require.Equal(t, here+1, n)
			if e.name == "files" {
				for _, part := range []string{"keys", "documents"} {
					entries, err := os.ReadDir(filepath.Join(at.place, part))
					require.NoError(t, err)
					require.Empty(t, entries, part)
				}
			}
		})
	}
}

// checkKilled returns the number of the first document that was never put, and
// how many are there.
func checkKilled(t *testing.T, at opener, said map[string][]int) (next, count int) {
	a := at.open(t, at.place)
	defer func() { require.NoError(t, a.Close()) }()
	put := map[int]bool{}
	for _, n := range said["put"] {
		put[n], next = true, max(next, n+1)
	}
	swept := -1
	for _, n := range said["swept"] {
		swept = max(swept, n)
	}
	listed := map[string]bool{}
	for n := range 3 {
		for d, err := range a.Owned(t.Context(), childDocument(n).Owner) {
			require.NoError(t, err)
			listed[d.ID] = true
		}
	}
	for n := range next + 10 {
		want := childDocument(n)
		got, err := a.Get(t.Context(), want.ID)
		here := err == nil
		if here {
			require.Equal(t, want, got)
			next, count = max(next, n+1), count+1
		} else {
			require.ErrorIs(t, err, certificate.ErrNotArchived)
		}
		early := n%5 == 0
		if put[n] && !early {
			require.True(t, here, "document %d was acknowledged", n)
		}
		// Those with even numbers are put in their order, before the sweep.
		if early && n%2 == 0 && n <= swept {
			require.False(t, here, "document %d was swept", n)
		}
		_, err = a.ByRequest(t.Context(), want.RequestKey)
		require.Equal(t, here, err == nil, "document %d by its request", n)
		require.Equal(t, here, listed[want.ID], "document %d in its owner's list", n)
	}
	require.Len(t, listed, count)
	return next, count
}
