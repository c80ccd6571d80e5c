package outside_test

import (
	"testing"

	"sample/lib"
)

func TestFar(t *testing.T) {
	if lib.Far(1) != 2 {
		t.Error("wrong")
	}
}
