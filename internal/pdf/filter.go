package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
)

// Decode returns the bytes of a stream after its filters. Only FlateDecode,
// with its predictors, is implemented.
func (v View) Decode(s *Stream) ([]byte, error) {
	filters, parms, err := v.filters(s)
	if err != nil {
		return nil, err
	}
	data := s.Raw
	for i, name := range filters {
		if name != "FlateDecode" {
			return nil, syntaxf(s.Offset, "filter %s: expected FlateDecode", name)
		}
		if data, err = v.f.inflate(data, s.Offset); err != nil {
			return nil, err
		}
		if data, err = unpredict(data, parms[i], s.Offset); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (v View) filters(s *Stream) ([]Name, []Dict, error) {
	if s.Dict.Get("F") != nil {
		return nil, nil, syntaxf(s.Offset, "the data of the stream is in another file")
	}
	filter, err := v.Resolve(s.Dict.Get("Filter"))
	if err != nil {
		return nil, nil, err
	}
	parm, err := v.Resolve(s.Dict.Get("DecodeParms"))
	if err != nil {
		return nil, nil, err
	}
	if name, ok := filter.(Name); ok {
		filter, parm = Array{name}, Array{parm}
	}
	if filter == nil {
		return nil, nil, nil
	}
	list, ok := filter.(Array)
	if !ok || len(list) > 8 {
		return nil, nil, syntaxf(s.Offset, "the filter is neither a name nor a short array")
	}
	parmList, _ := parm.(Array)
	names, dicts := make([]Name, len(list)), make([]Dict, len(list))
	for i := range list {
		o, err := v.Resolve(list[i])
		if err != nil {
			return nil, nil, err
		}
		if names[i], ok = o.(Name); !ok {
			return nil, nil, syntaxf(s.Offset, "the name of a filter is %T", o)
		}
		if i < len(parmList) {
			if o, err = v.Resolve(parmList[i]); err != nil {
				return nil, nil, err
			}
			dicts[i], _ = o.(Dict)
		}
	}
	return names, dicts, nil
}

// inflate decodes zlib data within the limits for one stream and for all.
func (f *File) inflate(data []byte, offset int) ([]byte, error) {
	out, more, err := f.inflateTo(data, offset, f.limits.Stream)
	if more {
		return nil, limitf(offset, "the stream expands to more than %d bytes", len(out))
	}
	return out, err
}

// inflateSamples decodes zlib data of which need bytes are samples. A little may
// follow, which viewers leave out too; more is not decoded at all.
func (f *File) inflateSamples(data []byte, offset int, need int64) ([]byte, error) {
	const surplus = 64 << 10
	out, more, err := f.inflateTo(data, offset, min(need+surplus, f.limits.Stream))
	if more {
		return nil, limitf(offset, "the stream expands to more than %d bytes", len(out))
	}
	if err != nil {
		return nil, err
	}
	return out[:min(int64(len(out)), need)], nil
}

// inflateTo decodes up to most bytes, within the limits; more says that there are
// others.
func (f *File) inflateTo(data []byte, offset int, most int64) (b []byte, more bool, err error) {
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false, &SyntaxError{Offset: int64(offset), What: "compressed data", Err: err}
	}
	// A small file has no reason to expand to all that a big one may: a blank
	// page, which shrinks most, has room.
	const ratio = 64
	all := min(f.limits.Expanded, f.limits.Stream+ratio*int64(len(f.data)))
	room := min(most, all-f.expanded)
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, room+1))
	f.expanded += n
	if n > room {
		return out.Bytes()[:room], true, nil
	}
	if err != nil {
		err = &SyntaxError{Offset: int64(offset), What: "compressed data", Err: err}
	}
	return out.Bytes(), false, err
}

// unpredict undoes the predictor of clause 7.4.4.4.
func unpredict(data []byte, parms Dict, offset int) ([]byte, error) {
	num := func(key Name, def int64) int64 {
		if n, ok := parms.Get(key).(int64); ok {
			return n
		}
		return def
	}
	predictor := num("Predictor", 1)
	if predictor == 1 {
		return data, nil
	}
	colors, bits, columns := num("Colors", 1), num("BitsPerComponent", 8), num("Columns", 1)
	if colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<20 {
		return nil, syntaxf(offset, "predictor with %d colours, %d bits and %d columns", colors, bits, columns)
	}
	if predictor < 10 || predictor > 15 {
		return nil, syntaxf(offset, "predictor %d: expected 1 or 10 to 15", predictor)
	}
	pixel := max(1, int(colors*bits+7)/8)
	row := int(colors*bits*columns+7) / 8
	if len(data)%(row+1) != 0 {
		return nil, syntaxf(offset, "%d predicted bytes are no whole rows of %d", len(data), row+1)
	}
	out := make([]byte, 0, len(data)/(row+1)*row)
	prior := make([]byte, row)
	for ; len(data) > 0; data = data[row+1:] {
		start := len(out)
		out = append(out, data[1:row+1]...)
		if err := unfilter(data[0], out[start:], prior, pixel); err != nil {
			return nil, syntaxf(offset, "%v", err)
		}
		prior = out[start:]
	}
	return out, nil
}

// unfilter undoes a PNG filter (ISO/IEC 15948, clause 9) in place.
func unfilter(kind byte, cur, prior []byte, pixel int) error {
	if kind > 4 {
		return fmt.Errorf("PNG filter %d: expected 0 to 4", kind)
	}
	for i := range cur {
		var left, corner byte
		if i >= pixel {
			left, corner = cur[i-pixel], prior[i-pixel]
		}
		switch kind {
		case 1:
			cur[i] += left
		case 2:
			cur[i] += prior[i]
		case 3:
			cur[i] += byte((int(left) + int(prior[i])) / 2)
		case 4:
			cur[i] += paeth(left, prior[i], corner)
		}
	}
	return nil
}

func paeth(a, b, c byte) byte {
	abs := func(x int) int { return max(x, -x) }
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}
