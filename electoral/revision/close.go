package revision

import (
	"context"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// Close ends a revision of which every line is applied, or rejected or withdrawn
// with a reason, or came too late. It begins the time for which lines and evidence
// are kept ([Retention]), and may be called again after an interruption.
//
// Codes: of every service; REG-COM-01, REV-LIN-01, REV-RIV-01/03/05.
func (e *Engine) Close(ctx context.Context, req electoral.Request, comune, id string) (Header, error) {
	var h Header
	err := registry.Carry(ctx, e.made().registry, registry.Call{Request: req, Operation: electoral.OpCloseRevision,
		Comune: comune}, func(on *electoral.Entry) error {
		var err error
		if h, err = e.beginClosing(ctx, comune, id); err != nil {
			return err
		}
		on.Set("revision", h.ID)
		if h.State == Ended {
			return nil
		}
		return e.close(ctx, &h)
	})
	if err != nil {
		return Header{}, err
	}
	return h, nil
}

// beginClosing lets no line be decided any more, if none is left.
func (e *Engine) beginClosing(ctx context.Context, comune, id string) (h Header, err error) {
	err = e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		if h, err = headerOf(ctx, w, comune, id); err != nil {
			return err
		}
		if h.State == Closing || h.State == Ended {
			return nil
		}
		if h.State == Proposing {
			return electoral.Faults{revisionState(h, "")}
		}
		left := 0
		for _, err := range lines(ctx, w, h, "", LineOpen, LineAccepted) {
			if err != nil {
				return err
			}
			left++
		}
		if left > 0 {
			return electoral.Faults{electoral.NewFault(electoral.LinesLeft, "revision", strconv.Itoa(left),
				electoral.Args{"count": strconv.Itoa(left)})}
		}
		h.State, h.Closed = Closing, e.calendar.Now()
		return putHeader(ctx, w, h, time.Time{})
	})
	return h, err
}

// close gives each record of the revision the instant at which it is forgotten.
func (e *Engine) close(ctx context.Context, h *Header) error {
	keepLines, keepEvidence := h.Closed.Add(e.retention.Lines), h.Closed.Add(e.retention.Evidence)
	settled := []LineState{LineRejected, LineApplied, LineWithdrawn, LineLate}
	err := e.each(ctx, *h, settled, func(w registry.Writer, l Line) error {
		list, err := evidenceOf(ctx, w, h.Comune, l)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			if err := putEvidence(ctx, w, h.Comune, l, list, keepEvidence); err != nil {
				return err
			}
		}
		return putLine(ctx, w, h.Comune, l, keepLines)
	})
	if err != nil {
		return err
	}
	return e.cfg.Store.Update(ctx, func(w registry.Writer) error {
		now, err := headerOf(ctx, w, h.Comune, h.ID)
		if err != nil {
			return err
		}
		if now.State == Closing {
			now.State = Ended
		}
		*h = now
		return putHeader(ctx, w, now, keepLines)
	})
}
