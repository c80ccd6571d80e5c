package registry

import (
	"bytes"
	"encoding/json"

	"github.com/liste-elettorali/anpr/electoral"
)

// What earlier versions took and kept: one removal for each elector, with one vote
// in it, and one reason for every added list. An answer that one of them has kept
// opens only with the bytes that it made of the request.

// earlierRequest is a removal as earlier versions took it, with one reason for
// all added lists and one vote.
type earlierRequest struct {
	ANPRID     string
	List       electoral.List
	Reason     electoral.RemovalCode
	Day        electoral.Date
	Note       string
	StillVotes *earlierVote
}

type earlierVote struct {
	Consultation electoral.Consultation `json:"consultation"`
	Day          electoral.Date         `json:"day"`
	Section      string                 `json:"section"`
}

// earlierForms returns the forms in which an earlier version may have kept the
// same request.
func (q RemovalRequest) earlierForms() []any {
	if len(q.KeptVotes) > 1 {
		return nil
	}
	old := earlierRequest{ANPRID: q.ANPRID, List: q.List, Day: q.Day, Note: q.Note}
	if len(q.KeptVotes) == 1 {
		v := q.KeptVotes[0]
		old.StillVotes = &earlierVote{Consultation: v.Consultation, Day: v.Day, Section: v.Section}
	}
	const anyAdded = electoral.FromEUComunalList // which then stood for every added list
	var reasons []electoral.RemovalCode
	switch code, _ := electoral.RemovalCodeOf(electoral.GeneralList, q.Cause); {
	case q.Code == electoral.FromEUParliamentList, q.Code == electoral.FromTerritorialList:
		reasons = append(reasons, anyAdded)
	case q.Code != 0:
		reasons = append(reasons, q.Code)
	case q.Cause == electoral.CauseDied, q.Cause == electoral.CauseSentByMistake:
		reasons = append(reasons, code, anyAdded)
	case q.List == electoral.GeneralList:
		reasons = append(reasons, code)
	default:
		reasons = append(reasons, anyAdded)
	}
	lists := []electoral.List{q.List}
	if q.List != "" {
		lists = append(lists, "")
	} else {
		lists = append(lists, q.Code.Lists()...)
	}
	var forms []any
	for _, reason := range reasons {
		for _, l := range lists {
			old.Reason, old.List = reason, l
			forms = append(forms, old)
		}
	}
	return forms
}

// UnmarshalJSON reads a request, also as earlier versions took it, with a Reason
// and one StillVotes: who kept it in JSON can send it again.
func (q *RemovalRequest) UnmarshalJSON(data []byte) error {
	type plain RemovalRequest // without this method
	var read plain
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	var old earlierRequest
	if bytes.Contains(data, []byte(`"Reason"`)) {
		if err := json.Unmarshal(data, &old); err != nil {
			return err
		}
		switch byList, ok := electoral.RemovalCodeOf(old.List, electoral.CauseOther); {
		case old.Reason == electoral.DeathOfElector, old.Reason == electoral.Annulment:
			read.Cause = old.Reason.Cause()
		case old.Reason == electoral.FromEUComunalList && ok && old.List != electoral.GeneralList:
			read.Code = byList
		default:
			read.Code = old.Reason
		}
	}
	if v := old.StillVotes; v != nil {
		read.KeptVotes = []electoral.KeptVote{{Consultation: v.Consultation, Day: v.Day, Section: v.Section}}
	}
	*q = RemovalRequest(read)
	return nil
}

// earlierElector is an elector as earlier versions wrote him.
type earlierElector struct {
	ANPRID         string                    `json:"anprId"`
	Capacity       electoral.Answer          `json:"capacity,omitzero"`
	General        *electoral.Enrolment      `json:"general,omitzero"`
	Added          electoral.AddedLists      `json:"added,omitzero"`
	EU             electoral.EULists         `json:"eu,omitzero"`
	Status         electoral.Status          `json:"status,omitzero"`
	Certifiability *electoral.Certifiability `json:"certifiability,omitzero"`
	Removal        *earlierRemoval           `json:"removal,omitzero"`
}

type earlierRemoval struct {
	Comune     string                `json:"comune"`
	List       electoral.List        `json:"list"`
	Reason     electoral.RemovalCode `json:"reason"`
	Day        electoral.Date        `json:"day,omitzero"`
	Note       string                `json:"note,omitzero"`
	StillVotes *earlierVote          `json:"stillVotes,omitzero"`
}

// earlierForm returns an elector as earlier versions wrote him, and false if they
// wrote him as today or could not have: without a removal, with more than one, or
// with a vote that another comune keeps.
func earlierForm(e electoral.Elector) (earlierElector, bool) {
	old := earlierElector{ANPRID: e.ANPRID, Capacity: e.Capacity, General: e.General, Added: e.Added, EU: e.EU,
		Status: e.Status, Certifiability: e.Certifiability}
	if len(e.Removals) != 1 || len(e.KeptVotes) > 1 {
		return old, false
	}
	r := e.Removals[0]
	old.Removal = &earlierRemoval{Comune: r.Comune, List: r.List, Reason: r.Code, Day: r.Day, Note: r.Note}
	if r.Code == electoral.FromEUParliamentList || r.Code == electoral.FromTerritorialList {
		old.Removal.Reason = electoral.FromEUComunalList
	}
	for _, v := range e.KeptVotes {
		if v.Comune != r.Comune {
			return old, false
		}
		old.Removal.StillVotes = &earlierVote{Consultation: v.Consultation, Day: v.Day, Section: v.Section}
	}
	return old, true
}
