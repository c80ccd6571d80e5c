package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// A ticket opens one original for a while to those who passed the captcha: base64url
// of the instant at which it ends (milliseconds since 1970, 8 bytes), the id of
// the request in the access log and the code of the contrassegno, each with its
// length, and the first 16 bytes of
//
//	HMAC-SHA256(key, "it.anpr.verify.web.ticket.v1" || 0x00 || all before)
const (
	ticketLife   = 10 * time.Minute
	ticketDomain = "it.anpr.verify.web.ticket.v1\x00"
	ticketMAC    = 16
	maxTicket    = 256
)

var ticketEncoding = base64.RawURLEncoding.Strict()

// errTicket is of a ticket that was altered, was made by others or has ended.
var errTicket = errors.New("web: the ticket is not valid any more")

func (h *Handler) ticketMAC(body []byte) []byte {
	m := hmac.New(sha256.New, h.cfg.Key)
	m.Write([]byte(ticketDomain))
	m.Write(body)
	return m.Sum(nil)[:ticketMAC]
}

func (h *Handler) newTicket(id string, mark contrassegno.Mark) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(h.cfg.Now().Add(ticketLife).UnixMilli()))
	for _, text := range []string{id, mark.Code()} {
		body = append(append(body, byte(len(text))), text...)
	}
	return ticketEncoding.EncodeToString(append(body, h.ticketMAC(body)...))
}

func (h *Handler) openTicket(text string) (id string, mark contrassegno.Mark, err error) {
	if len(text) > maxTicket {
		return "", mark, errTicket
	}
	raw, err := ticketEncoding.DecodeString(text)
	if err != nil || len(raw) < 8+ticketMAC {
		return "", mark, errTicket
	}
	body, mac := raw[:len(raw)-ticketMAC], raw[len(raw)-ticketMAC:]
	if !hmac.Equal(mac, h.ticketMAC(body)) {
		return "", mark, errTicket
	}
	if ends := time.UnixMilli(int64(binary.BigEndian.Uint64(body))); !h.cfg.Now().Before(ends) {
		return "", mark, errTicket
	}
	var fields [2]string
	rest := body[8:]
	for n := range fields {
		if len(rest) < 1 || len(rest) < 1+int(rest[0]) {
			return "", mark, errTicket
		}
		fields[n], rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	mark, err = h.mark(fields[1])
	return fields[0], mark, err
}
