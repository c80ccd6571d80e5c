package pdf

import (
	"bytes"
	"errors"
)

// ErrWork is wrapped by the errors of what costs more than it may.
var ErrWork = errors.New("too much work")

// A Take is asked for leave before each piece of work, with its cost in points of
// pictures or what takes as long as one; if it refuses, the work is not done.
type Take func(cost int64) bool

func limitWork(offset int) error {
	return &SyntaxError{Offset: int64(offset), What: "it would take too long", Err: ErrWork}
}

// JPEGWork is what it costs to decode a JPEG of so many points: each of its scans
// goes through the whole picture.
func JPEGWork(data []byte, pixels int64) int64 {
	const decode, scan = 8, 2
	scans, progressive := jpegScans(data)
	if !progressive {
		return satMul(pixels, decode*scans)
	}
	return satMul(pixels, decode+scan*scans)
}

// satMul multiplies numbers that are not negative, up to a bound that no budget
// reaches.
func satMul(a, b int64) int64 {
	const most = 1 << 60
	if b != 0 && a > most/b {
		return most
	}
	return a * b
}

// jpegScans counts the scans of a JPEG, by their markers (ITU-T T.81, annex B).
func jpegScans(data []byte) (scans int64, progressive bool) {
	const sof2, sos = 0xC2, 0xDA
	for {
		i := bytes.IndexByte(data, 0xFF)
		if i < 0 || i+1 >= len(data) {
			return max(1, scans), progressive
		}
		kind := data[i+1]
		data = data[i+1:]
		switch {
		case kind == 0xFF: // padding
			continue
		case kind == 0, kind >= 0xD0 && kind <= 0xD9: // entropy-coded data, restarts, start and end
			data = data[1:]
			continue
		case kind == sof2:
			progressive = true
		case kind == sos:
			scans++
		}
		if len(data) < 3 {
			return max(1, scans), progressive
		}
		data = data[min(len(data), 1+max(2, int(data[1])<<8|int(data[2]))):]
	}
}

// Spend takes work off what may still be done with a file, counted in objects that
// are asked for and values that are gone through. The error wraps [ErrLimit].
func (f *File) Spend(n int64) error {
	if f.work -= n; f.work < 0 {
		f.work = 0
		return limitf(0, "more than %d objects and values to look at", f.limits.Work)
	}
	return nil
}
