package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestShares(t *testing.T) {
	s := newShares(2)
	one, ok := s.take("a")
	require.True(t, ok)
	two, ok := s.take("a")
	require.True(t, ok)
	_, ok = s.take("a")
	require.False(t, ok, "he has his share")
	other, ok := s.take("b")
	require.True(t, ok)
	one()
	three, ok := s.take("a")
	require.True(t, ok)
	two()
	three()
	other()
	require.Empty(t, s.has, "who has nothing is forgotten")
	require.Equal(t, 1, newShares(0).most)
}

func TestAllowance(t *testing.T) {
	require.Equal(t, 10*time.Second, allowance(0))
	require.Equal(t, 42*time.Second, allowance(1<<20))
	require.Equal(t, 5*time.Minute, allowance(maxUpload), "however much there is")
}
