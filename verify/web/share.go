package web

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// shares bound how much of what there is for all one client has at a time.
type shares struct {
	most int

	mu  sync.Mutex
	has map[string]int
}

func newShares(most int) *shares { return &shares{most: max(1, most), has: map[string]int{}} }

// take takes one for a client; back gives it back. It returns false if he has his share.
func (s *shares) take(client string) (back func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has[client] >= s.most {
		return nil, false
	}
	s.has[client]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.has[client]--; s.has[client] == 0 {
			delete(s.has, client)
		}
	}, true
}

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
