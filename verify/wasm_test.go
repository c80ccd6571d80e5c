package verify_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrowser lists what verify stands on when it is built for a browser: none of
// our packages there opens files or goes around the type system.
func TestBrowser(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.Output()
	require.NoError(t, err)
	ours := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if !strings.HasPrefix(fields[0], "github.com/liste-elettorali/anpr") {
			continue
		}
		ours++
		for _, forbidden := range []string{"unsafe", "os", "os/exec", "io/ioutil", "syscall", "C", "embed",
			"time/tzdata"} {
			require.False(t, slices.Contains(fields[1:], forbidden), "%s imports %s", fields[0], forbidden)
		}
	}
	require.GreaterOrEqual(t, ours, 8)
}
