package tagged

import (
	"encoding/binary"
	"math"
)

// sRGB makes an ICC profile (ICC.1:2001-04, version 2.4, class "mntr") of the
// sRGB space (IEC 61966-2-1): a matrix and one curve shared by the channels.
// It is made here so that no profile with a licence of its own is needed.
func sRGB() []byte {
	type tag struct {
		name string
		data []byte
	}
	xyz := func(x, y, z float64) []byte {
		b := append([]byte("XYZ "), 0, 0, 0, 0)
		for _, v := range []float64{x, y, z} {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
		}
		return b
	}
	const points = 1024
	curve := binary.BigEndian.AppendUint32(append([]byte("curv"), 0, 0, 0, 0), points)
	for i := range points {
		v := float64(i) / (points - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(v*65535)))
	}
	text := append([]byte("text\x00\x00\x00\x00"), "No copyright, use freely\x00"...)
	const title = "sRGB IEC61966-2.1"
	desc := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), uint32(len(title)+1))
	desc = append(append(desc, title...), 0)
	desc = append(desc, make([]byte, 4+4+2+1+67)...) // no Unicode, no ScriptCode name
	// The primaries are adapted to D50 (Bradford), as the profile space asks.
	tags := []tag{
		{"desc", desc}, {"cprt", text},
		{"wtpt", xyz(0.9642, 1, 0.8249)},
		{"rXYZ", xyz(0.4360747, 0.2225045, 0.0139322)},
		{"gXYZ", xyz(0.3850649, 0.7168786, 0.0971045)},
		{"bXYZ", xyz(0.1430804, 0.0606169, 0.7141733)},
		{"rTRC", curve}, {"gTRC", nil}, {"bTRC", nil}, // nil: shared with the tag before
	}
	body, table := []byte{}, binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	base := 128 + 4 + 12*len(tags)
	var at, size int
	for _, t := range tags {
		if t.data != nil {
			for len(body)%4 != 0 {
				body = append(body, 0)
			}
			at, size = base+len(body), len(t.data)
			body = append(body, t.data...)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(at))
		table = binary.BigEndian.AppendUint32(table, uint32(size))
	}
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(base+len(body)))
	binary.BigEndian.PutUint32(head[8:], 0x02400000)
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} {
		binary.BigEndian.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	copy(head[68:], xyz(0.9642, 1, 0.8249)[8:])
	return append(append(head, table...), body...)
}
