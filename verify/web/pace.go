package web

import (
	"io"
	"net/http"
	"time"
)

// The least pace of an upload: what stands still, or trickles, keeps a place from others.
const (
	paceGrace = 10 * time.Second
	paceRate  = 32 << 10 // bytes a second, on average, after that
	paceMost  = 5 * time.Minute
	answerIn  = time.Minute // once it has arrived
)

// A paced body has to arrive at a least pace.
type paced struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	read    int64
}

// pace holds the body of a request to its pace, in place of the time that the server has
// for all. A server that cannot is left as it is.
func pace(w http.ResponseWriter, r *http.Request) {
	r.Body = &paced{ReadCloser: r.Body, control: http.NewResponseController(w), began: time.Now()}
}

func (p *paced) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(p.began.Add(allowance(p.read)))
	n, err := p.ReadCloser.Read(b)
	p.read += int64(n)
	if err != nil {
		_ = p.control.SetWriteDeadline(time.Now().Add(answerIn))
	}
	return n, err
}

// allowance is the time within which the byte after so many has to come.
func allowance(read int64) time.Duration {
	return min(paceMost, paceGrace+time.Duration(read)*time.Second/paceRate)
}
