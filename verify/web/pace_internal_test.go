package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAllowance(t *testing.T) {
	require.Equal(t, 10*time.Second, allowance(0))
	require.Equal(t, 42*time.Second, allowance(1<<20))
	require.Equal(t, 5*time.Minute, allowance(maxUpload), "however much there is")
}
