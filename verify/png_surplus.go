package verify

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

// decodeSurplus decodes a PNG whose compressed data hold more than its rows, which
// some programs write and every viewer opens: it drops the rest. Only pictures in
// which nothing is sealed are read so.
func decodeSurplus(data []byte) (image.Image, bool) {
	const signature = 8
	var header, palette, transparency, body []byte
	for pos := signature; pos+12 <= len(data); {
		n := int(binary.BigEndian.Uint32(data[pos:]))
		if n < 0 || n > len(data)-pos-12 {
			return nil, false
		}
		chunk, kind := data[pos:pos+12+n], string(data[pos+4:pos+8])
		switch kind {
		case "IHDR":
			header = chunk
		case "PLTE":
			palette = chunk
		case "tRNS":
			transparency = chunk
		case "IDAT":
			body = append(body, chunk[8:8+n]...)
		}
		if pos += 12 + n; kind == "IEND" {
			break
		}
	}
	rows, ok := rowBytes(header)
	if !ok {
		return nil, false
	}
	in, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, false
	}
	pixels := make([]byte, rows)
	if _, err := io.ReadFull(in, pixels); err != nil {
		return nil, false
	}
	var packed bytes.Buffer
	out, err := zlib.NewWriterLevel(&packed, zlib.NoCompression)
	if err != nil {
		return nil, false
	}
	if _, err := out.Write(pixels); err != nil || out.Close() != nil {
		return nil, false
	}
	whole := append(bytes.Clone(data[:signature]), header...)
	whole = append(append(whole, palette...), transparency...)
	img, err := png.Decode(bytes.NewReader(appendChunk(appendChunk(whole, "IDAT", packed.Bytes()), "IEND", nil)))
	return img, err == nil
}

// rowBytes returns how many bytes the rows of a picture take, each with its
// filter, by the header of the PNG (ISO/IEC 15948, clauses 8.2 and 11.2.2).
func rowBytes(header []byte) (int64, bool) {
	if len(header) != 25 {
		return 0, false
	}
	w, h := int64(binary.BigEndian.Uint32(header[8:])), int64(binary.BigEndian.Uint32(header[12:]))
	channels, ok := map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[header[17]]
	bits := channels * int64(header[16])
	if !ok || w < 1 || h < 1 || w > 1<<30 || h > 1<<30 || w*h > 1<<30 || bits > 64 {
		return 0, false
	}
	rows := func(w, h int64) int64 {
		if w == 0 {
			return 0
		}
		return h * (1 + (w*bits+7)/8)
	}
	if header[20] == 0 {
		return rows(w, h), true
	}
	total := int64(0) // of the seven passes of Adam7
	for _, p := range [7][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2},
		{0, 1, 1, 2}} {
		total += rows((w-p[0]+p[2]-1)/p[2], (h-p[1]+p[3]-1)/p[3])
	}
	return total, true
}

func appendChunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	from := len(b)
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}
