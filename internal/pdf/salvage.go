package pdf

import "bytes"

// Salvage looks for signature dictionaries in a file that [Parse] refuses, by
// their keys and without cross-reference data. What it finds serves to explain
// what is wrong with a file, never to accept it: Coverage finds no revision
// for any of these signatures.
func Salvage(data []byte, limits Limits) []*Signature {
	const (
		most    = 32
		window  = 1 << 20 // from the start of an object to the key
		longest = 8 << 20 // of an object
	)
	f := &File{data: data, limits: limits.withDefaults()}
	f.values = f.limits.Values
	if int64(len(data)) > f.limits.Size {
		return nil
	}
	var sigs []*Signature
	seen := map[int]bool{}
	for pos, tries := 0, 0; tries < most; tries++ {
		i := bytes.Index(data[pos:], []byte("/SubFilter"))
		if i < 0 {
			break
		}
		key := pos + i
		pos = key + 1
		from := max(0, key-window)
		start := bytes.LastIndex(data[from:key], []byte(" obj"))
		if start < 0 || seen[from+start] {
			continue
		}
		seen[from+start] = true
		at := from + start + 4
		l := lexer{data: data[:min(len(data), at+longest)], pos: at, depth: f.limits.Depth, values: &f.values}
		o, err := l.object()
		d, _ := o.(Dict)
		if err != nil || d.Get("Filter") != nil || d.Get("ByteRange") != nil {
			s := f.salvaged(d)
			s.Err = err
			sigs = append(sigs, s)
		}
	}
	return sigs
}

func (f *File) salvaged(d Dict) *Signature {
	s := &Signature{Dict: d, Revision: -1, Type: d.Name("Type"), Filter: d.Name("Filter"), SubFilter: d.Name("SubFilter"), file: f}
	br, _ := d.Get("ByteRange").(Array)
	for _, o := range br {
		n, ok := o.(int64)
		if !ok {
			s.ByteRange = nil
			break
		}
		s.ByteRange = append(s.ByteRange, n)
	}
	if e, ok := d.Lookup("Contents"); ok {
		if str, ok := e.Value.(String); ok {
			s.Contents, s.ContentsStart, s.ContentsEnd = str, int64(e.Start), int64(e.End)
		}
	}
	return s
}
