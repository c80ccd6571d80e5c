package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

const magic = "\x89audit-chain/1\r\n"

const (
	filePrefix = "chain-"
	fileSuffix = ".log"
)

// FileName returns the name of the file of a chain in a folder: "chain-", the
// name and ".log". All letters are small, so that chains do not meet on file
// systems that ignore case: capitals are the rule, and a + stands where they
// change to small letters or back ("H501" is chain-h501.log, "portale" is
// chain-+portale.log). The error is that of [CheckChain].
func FileName(chain string) (string, error) {
	if err := CheckChain(chain); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(filePrefix)
	small := false
	for i := range len(chain) {
		c := chain[i]
		if isSmall := c >= 'a' && c <= 'z'; isSmall != small && (isSmall || c >= 'A' && c <= 'Z') {
			b.WriteByte('+')
			small = isSmall
		}
		b.WriteByte(c)
	}
	b.WriteString(fileSuffix)
	return strings.ToLower(b.String()), nil
}

// ChainOf returns the chain whose file has that name; false if there is none.
func ChainOf(name string) (string, bool) {
	s, ok := strings.CutPrefix(name, filePrefix)
	if !ok {
		return "", false
	}
	if s, ok = strings.CutSuffix(s, fileSuffix); !ok {
		return "", false
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "+") {
		if i%2 == 0 {
			part = strings.ToUpper(part)
		}
		b.WriteString(part)
	}
	chain := b.String()
	if again, err := FileName(chain); err != nil || again != name {
		return "", false
	}
	return chain, true
}

var errChainName = errors.New("want 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or a digit")

// CheckChain returns an error if the text cannot be the name of a chain.
func CheckChain(chain string) error {
	ok := chain != "" && len(chain) <= maxChain
	for i := range len(chain) {
		if !ok {
			break
		}
		c := chain[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		ok = alnum || i > 0 && (c == '.' || c == '_' || c == '-')
	}
	if !ok {
		return fmt.Errorf("audit: chain name %.80q: %w", chain, errChainName)
	}
	return nil
}

// FileHeader returns the bytes with which the file of a whole chain begins.
func FileHeader(chain string) ([]byte, error) {
	if err := CheckChain(chain); err != nil {
		return nil, err
	}
	return fileHeader(chain, 0, Genesis(chain)), nil
}

func fileHeader(chain string, first uint64, prev Hash) []byte {
	b := append([]byte(magic), byte(len(chain)))
	b = append(b, chain...)
	b = binary.BigEndian.AppendUint64(b, first)
	b = append(b, prev[:]...)
	check := sha256.Sum256(b)
	return append(b, check[:]...)
}

// A FormatError says where bytes are not in the format. Its Code is
// [Malformed], [TornTail], [EmptyChain] or [UnknownRecord].
type FormatError struct {
	Code    FaultCode
	Offset  int64  // of the header (0) or of the record, from the file's begin
	Seq     uint64 // of the record that was expected there
	Problem string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("audit: byte %d: record %d: %s", e.Offset, e.Seq, e.Problem)
}

// A Reader reads a file record by record, in memory that does not grow with
// it. It checks the format and nothing more: [VerifyFile] checks the chain.
type Reader struct {
	src    io.Reader
	again  func() bool // at a torn end: wait, and say whether to read on
	buf    []byte
	ahead  []byte // the part of buf that was read and not used yet
	chain  string
	first  uint64
	before Hash // of the record before the first
	prev   Hash // of the record before the next
	seq    uint64
	off    int64 // of the next record
	at     int64 // of the last
	last   Record
	hashed [hashInput]byte // what its hash covers
	size   int             // of that
	fault  error
	begin  int64 // of the first record
	hash   hash.Hash
	sum    Hash // what it gave last
}

var errNoReader = errors.New("audit: the reader is nil")

// NewReader reads the header. The error is a [*FormatError], or that of r; a nil r
// is an error too.
func NewReader(r io.Reader) (*Reader, error) { return newReader(r, nil) }

func newReader(src io.Reader, again func() bool) (*Reader, error) {
	if src == nil {
		return nil, errNoReader
	}
	r := &Reader{src: src, again: again, buf: make([]byte, 4*MaxRecord), hash: sha256.New()}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	r.begin = r.off
	return r, nil
}

// Chain returns the name of the chain.
func (r *Reader) Chain() string { return r.chain }

// First returns the sequence number of the file's first record: 0 for a whole
// chain.
func (r *Reader) First() uint64 { return r.first }

// Previous returns the hash of the record before the file's first.
func (r *Reader) Previous() Hash { return r.before }

// Offset returns where the record that Next returned last begins.
func (r *Reader) Offset() int64 { return r.at }

// End returns where it ends.
func (r *Reader) End() int64 { return r.off }

// peek returns the bytes ahead, at least n, as a part of the buffer. If the input
// ends before, it returns those that are left, and io.ErrUnexpectedEOF.
func (r *Reader) peek(n int) ([]byte, error) {
	if len(r.ahead) >= n {
		return r.ahead, nil
	}
	return r.fill(n)
}

// fill reads until n bytes are ahead.
func (r *Reader) fill(n int) ([]byte, error) {
	have := copy(r.buf, r.ahead)
	for {
		got, err := io.ReadAtLeast(r.src, r.buf[have:], n-have)
		have += got
		r.ahead = r.buf[:have]
		switch {
		case err == nil:
			return r.ahead, nil
		case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("audit: byte %d: %w", r.off, err)
		case have == 0 || r.again == nil || !r.again():
			return r.ahead, io.ErrUnexpectedEOF
		}
	}
}

func (r *Reader) bad(code FaultCode, format string, args ...any) error {
	return &FormatError{Code: code, Offset: r.off, Seq: r.seq, Problem: fmt.Sprintf(format, args...)}
}

func (r *Reader) readHeader() error {
	b, err := r.peek(len(magic) + 1)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
		return r.bad(Malformed, "the file does not begin as a chain does")
	}
	if len(b) <= len(magic) {
		return r.bad(TornTail, "the file ends after %d bytes, within its header", len(b))
	}
	n := int(b[len(magic)])
	rest := len(magic) + 1 + n
	size := rest + 8 + 2*len(Hash{})
	if n == 0 || n > maxChain {
		return r.bad(Malformed, "a chain name of %d bytes", n)
	}
	b, err = r.peek(size)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return r.bad(TornTail, "the file ends after %d bytes, within its header", len(b))
	case err != nil:
		return err
	}
	if sha256.Sum256(b[:size-len(Hash{})]) != Hash(b[size-len(Hash{}):]) {
		return r.bad(Malformed, "the header does not agree with its check")
	}
	r.chain = string(b[len(magic)+1 : rest])
	if err := CheckChain(r.chain); err != nil {
		return r.bad(Malformed, "%v", err)
	}
	r.first = binary.BigEndian.Uint64(b[rest:])
	r.before = Hash(b[rest+8:])
	if r.first == 0 && r.before != Genesis(r.chain) {
		return r.bad(Malformed, "the header does not hold the genesis hash of its chain")
	}
	r.seq, r.prev = r.first, r.before
	r.last.Chain = r.chain
	copy(r.hashed[:], domainRecord)
	r.ahead, r.off, r.at = b[size:], int64(size), int64(size)
	return nil
}

// Next returns the next record, which the caller owns. After the last it
// returns io.EOF. The error is a [*FormatError], or that of the input; after
// either no more can be read. The hash and the place in the chain are not
// checked.
func (r *Reader) Next() (Record, error) {
	if err := r.next(); err != nil {
		return Record{}, err
	}
	rec := r.last
	rec.Payload = clonePayload(rec.Payload)
	return rec, nil
}

// intact reports whether the content of the last record agrees with its hash.
func (r *Reader) intact() bool {
	r.hash.Reset()
	r.hash.Write(r.hashed[:r.size])
	r.hash.Sum(r.sum[:0])
	return r.sum == r.last.Hash
}

// next reads the next record as Next does, but into r.last, where the next call
// overwrites it.
func (r *Reader) next() error {
	if r.fault == nil {
		r.fault = r.read()
	}
	return r.fault
}

func (r *Reader) read() error {
	n := frameSize(r.ahead)
	if n == 0 || n > len(r.ahead) {
		var err error
		if n, err = r.readFrame(); err != nil {
			return err
		}
	}
	b := r.ahead[:n]
	if err := r.last.decodeFrame(b, r.hash); err != nil {
		return r.notARecord(err)
	}
	header := b[frameFront : frameFront+fixedHeader+len(r.last.Chain)]
	r.size = len(domainRecord) + copy(r.hashed[len(domainRecord):], header)
	r.size += copy(r.hashed[r.size:], r.last.PayloadDigest[:])
	r.ahead, r.at, r.off = r.ahead[n:], r.off, r.off+int64(n)
	r.seq, r.prev = r.last.Seq+1, r.last.Hash
	return nil
}

// readFrame reads until a whole frame is ahead, and returns its length.
func (r *Reader) readFrame() (int, error) {
	b, err := r.peek(frameFront)
	if err != nil && errors.Is(err, io.ErrUnexpectedEOF) {
		switch {
		case len(b) > 0:
			return 0, r.cut(b)
		case r.off == r.begin:
			return 0, r.bad(EmptyChain, "the file has no records")
		}
		return 0, io.EOF
	}
	if err != nil {
		return 0, err
	}
	n, err := frameLength(b)
	if err != nil {
		return 0, r.bad(Malformed, "%v", err)
	}
	b, err = r.peek(n)
	if err != nil && errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, r.cut(b)
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (r *Reader) notARecord(err error) error {
	if errors.Is(err, ErrUnknownRecord) {
		return r.bad(UnknownRecord, "%v", err)
	}
	return r.bad(Malformed, "%v", err)
}

// cut judges an end of the file within a record. It is a torn tail only if the
// bytes can be the begin of the record that would follow. A store removes the
// remains of an interrupted write, so damage must not look like them.
func (r *Reader) cut(whole []byte) error {
	// A file can grow before its bytes are written: then it ends with zeros.
	b := bytes.TrimRight(whole, "\x00")
	for i := range min(len(b), frameFront) {
		if i >= 4 && b[i] != ^b[i-4] {
			return r.bad(Malformed, "the file ends after %d bytes of a record, "+
				"whose length and complement do not agree", len(whole))
		}
	}
	body := b[min(len(b), frameFront):]
	if err := checkForm(body[:min(len(body), formSize)]); err != nil {
		return r.notARecord(fmt.Errorf("the file ends after %d bytes of a record: %w", len(whole), err))
	}
	want := Record{Chain: r.chain, Seq: r.seq, Prev: r.prev}
	header := want.appendHeader(nil)
	timeAt := len(header) - len(Hash{}) - 8
	for i := formSize; i < min(len(body), len(header)); i++ {
		if isTime := i >= timeAt && i < timeAt+8; body[i] != header[i] && !isTime {
			return r.bad(Malformed, "the file ends after %d bytes of a record, "+
				"which differs at byte %d from the one that would follow", len(whole), frameFront+i)
		}
	}
	// A whole record whose first length is wrong looks cut as well.
	b = whole
	for end := frameFront + fixedBody + 1; end+frameBack <= len(b); end++ {
		if int(binary.BigEndian.Uint32(b[end:])) != end-frameFront {
			continue
		}
		rec := Record{Chain: r.chain}
		if err := rec.decodeBody(b[frameFront:end], r.hash); err == nil && rec.Check() == nil {
			return r.bad(Malformed, "the length of a record of %d bytes is wrong", end+frameBack)
		}
	}
	return r.bad(TornTail, "the file ends after %d bytes of a record", len(whole))
}
