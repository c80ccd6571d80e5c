package testenv

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// Seed returns the seed of a test's random inputs, usual unless $ANPR_TEST_SEED
// gives another, and logs how to repeat them. A test whose inputs contain keys or
// nonces takes them from the seed too (testing/cryptotest).
func Seed(t testing.TB, usual uint64) uint64 {
	t.Helper()
	seed := usual
	if text := os.Getenv("ANPR_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ANPR_TEST_SEED=%s is not a number", text)
		}
	}
	t.Logf("repeat with ANPR_TEST_SEED=%d", seed)
	return seed
}

// Seeds returns how many seeds from the first on a test goes through: one, unless
// $ANPR_TEST_SEEDS says more.
func Seeds(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("ANPR_TEST_SEEDS")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		t.Fatalf("ANPR_TEST_SEEDS=%s is not a number of seeds", text)
	}
	return n
}

// Time returns the machine's time in whole seconds, for tests beside programs
// that go by the machine's clock, unless $ANPR_TEST_TIME (RFC 3339) gives
// another; it logs how to repeat it.
func Time(t testing.TB) time.Time {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Second)
	if text := os.Getenv("ANPR_TEST_TIME"); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			t.Fatalf("ANPR_TEST_TIME: %v", err)
		}
	}
	t.Logf("repeat with ANPR_TEST_TIME=%s", at.Format(time.RFC3339))
	return at
}
