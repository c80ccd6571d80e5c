package electoral

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// A Removal is how an elector left one list ("cancellazione",
// tipoListaCancellazione of service 5010). It does not change the capacity: a
// person who emigrates remains an elector.
type Removal struct {
	// Comune is the Belfiore code of the comune that removed him.
	Comune string `json:"comune"`
	List   List   `json:"list"`
	// Code is what ANPR is told ("motivoCancellazione"): for the general list
	// the reason, for another list which list it was.
	Code RemovalCode `json:"code"`
	// Cause is why, in our words; empty if it was not given, as with the codes
	// of ANPR that name only the list.
	Cause RemovalCause `json:"cause,omitzero"`
	// Day is the day from which the removal takes effect ("data decorrenza").
	Day Date `json:"day,omitzero"`
	// Note is ANPR's noteCancellazione, up to 240 characters.
	Note string `json:"note,omitzero"`
}

// Italian returns why the elector left the list, for people: the cause or, if
// that was not given, what ANPR's code says.
func (r Removal) Italian() string {
	if r.Cause != "" {
		return r.Cause.Italian()
	}
	return r.Code.Italian()
}

// A RemovalCode is ANPR's code of a removal ("motivo di cancellazione",
// DEC_MOTIVO_CANCE_ELE): 1 to 4 and 9 are reasons for leaving the general list;
// 5, 6 and 7 name another list that was left, whatever the reason.
type RemovalCode int

// The codes of ANPR.
const (
	Emigration            RemovalCode = 1 // trasferimento di residenza
	Untraceable           RemovalCode = 2 // irreperibilità
	DeathOfElector        RemovalCode = 3 // decesso
	OtherReason           RemovalCode = 4 // motivi vari
	FromEUComunalList     RemovalCode = 5 // lista aggiunta UE, elezioni comunali
	FromEUParliamentList  RemovalCode = 6 // lista aggiunta UE, Parlamento europeo
	FromTerritorialList   RemovalCode = 7 // lista aggiunta di Bolzano, Trento o Valle d'Aosta
	Annulment             RemovalCode = 8 // annullamento di una lista generale inviata per errore
	RightLostWithTransfer RemovalCode = 9 // perdita del diritto e trasferimento di residenza
)

// RemovalCodes returns the codes of ANPR.
func RemovalCodes() []RemovalCode {
	return []RemovalCode{Emigration, Untraceable, DeathOfElector, OtherReason, FromEUComunalList,
		FromEUParliamentList, FromTerritorialList, Annulment, RightLostWithTransfer}
}

// Italian returns the meaning of the code for people.
func (c RemovalCode) Italian() string {
	switch c {
	case Emigration:
		return "emigrazione"
	case Untraceable:
		return "irreperibilità"
	case DeathOfElector:
		return "decesso"
	case OtherReason:
		return "motivi vari"
	case FromEUComunalList:
		return "cancellazione dalla lista aggiunta UE per le elezioni comunali"
	case FromEUParliamentList:
		return "cancellazione dalla lista aggiunta UE per il Parlamento europeo"
	case FromTerritorialList:
		return "cancellazione dalla lista aggiunta di Bolzano, Trento o Valle d'Aosta"
	case Annulment:
		return "annullamento della lista inviata per errore"
	case RightLostWithTransfer:
		return "perdita del diritto elettorale con trasferimento di residenza"
	}
	return "motivo sconosciuto: " + strconv.Itoa(int(c))
}

// A RemovalCause is why an elector left a list, in our words: ANPR's codes say
// it only of the general list. The zero value means that it was not given.
type RemovalCause string

// The causes.
const (
	// CauseResidenceReached ends the enrolment in an added list of Bolzano,
	// Trento or Valle d'Aosta: he has lived there as long as the law asks.
	CauseResidenceReached RemovalCause = "residence-reached"
	CauseMoved            RemovalCause = "moved"
	CauseUntraceable      RemovalCause = "untraceable"
	CauseDied             RemovalCause = "died"
	// CauseNaturalised, CauseAsked and CauseMembershipEnded are of the lists for
	// citizens of the Union: he became Italian, he asked to leave, his State
	// left the Union.
	CauseNaturalised     RemovalCause = "naturalised"
	CauseAsked           RemovalCause = "asked"
	CauseMembershipEnded RemovalCause = "membership-ended"
	// CauseRightLost means, for the general list, that he lost the right to vote
	// and moved (9). Who lost the right and did not move stays in the list, with
	// the capacity no.
	CauseRightLost RemovalCause = "right-lost"
	CauseOther     RemovalCause = "other"
	// CauseSentByMistake annuls an enrolment as if it had never been sent: no
	// [Removal] remains.
	CauseSentByMistake RemovalCause = "sent-by-mistake"
)

// RemovalCauses returns the causes.
func RemovalCauses() []RemovalCause {
	return []RemovalCause{CauseResidenceReached, CauseMoved, CauseUntraceable, CauseDied, CauseNaturalised,
		CauseAsked, CauseMembershipEnded, CauseRightLost, CauseOther, CauseSentByMistake}
}

// Italian returns the cause for people.
func (c RemovalCause) Italian() string {
	switch c {
	case CauseResidenceReached:
		return "periodo di residenza compiuto"
	case CauseMoved:
		return "trasferimento di residenza"
	case CauseUntraceable:
		return "irreperibilità"
	case CauseDied:
		return "decesso"
	case CauseNaturalised:
		return "acquisto della cittadinanza italiana"
	case CauseAsked:
		return "richiesta dell'elettore"
	case CauseMembershipEnded:
		return "uscita dello Stato di cittadinanza dall'Unione europea"
	case CauseRightLost:
		return "perdita del diritto elettorale"
	case CauseOther:
		return "altri motivi"
	case CauseSentByMistake:
		return "iscrizione inviata per errore"
	case "":
		return "causa non indicata"
	}
	return "causa sconosciuta: " + string(c)
}

// RemovalCodeOf returns the code with which ANPR is told that an elector left a
// list for a cause, and false if nobody leaves that list for it. The code of a
// death on a list other than the general one is an open question, for which
// this returns the code of the list.
func RemovalCodeOf(l List, cause RemovalCause) (RemovalCode, bool) {
	if !slices.Contains(RemovalCauses(), cause) {
		return 0, false
	}
	switch l {
	case GeneralList:
		for _, code := range RemovalCodes() {
			if code.Cause() == cause {
				return code, true
			}
		}
		return 0, false
	case EUComunalList:
		return FromEUComunalList, cause != CauseResidenceReached
	case EUParliamentList:
		return FromEUParliamentList, cause != CauseResidenceReached
	case BolzanoList, TrentoList, AostaValleyList:
		return FromTerritorialList, cause != CauseNaturalised && cause != CauseMembershipEnded
	}
	return 0, false
}

// Cause returns the cause that the code says by itself; empty for those that
// name only a list.
func (c RemovalCode) Cause() RemovalCause {
	switch c {
	case Emigration:
		return CauseMoved
	case Untraceable:
		return CauseUntraceable
	case DeathOfElector:
		return CauseDied
	case OtherReason:
		return CauseOther
	case Annulment:
		return CauseSentByMistake
	case RightLostWithTransfer:
		return CauseRightLost
	}
	return ""
}

// Lists returns the lists that the code may be of: one, or for 7 the three added
// lists of Bolzano, Trento and Valle d'Aosta; none for an unknown code.
func (c RemovalCode) Lists() []List {
	switch c {
	case Emigration, Untraceable, DeathOfElector, OtherReason, Annulment, RightLostWithTransfer:
		return []List{GeneralList}
	case FromEUComunalList:
		return []List{EUComunalList}
	case FromEUParliamentList:
		return []List{EUParliamentList}
	case FromTerritorialList:
		return []List{BolzanoList, TrentoList, AostaValleyList}
	}
	return nil
}

// A KeptVote is one vote in which an elector who was removed from a general list
// still takes part in the comune that he left ("doppia lista":
// tipoConsultazione and dataCancellazioneLista of service 5010). ANPR's message
// carries one of them.
type KeptVote struct {
	// Comune is the Belfiore code of the comune where he votes.
	Comune       string       `json:"comune"`
	Consultation Consultation `json:"consultation"`
	// Day is the first day of voting.
	Day Date `json:"day"`
	// Section is the number of his section in that comune.
	Section string `json:"section"`
}

// A CapacityLoss is the loss of the right to vote of a person who has not
// recovered it ("perdita del diritto elettorale", D.P.R. 223/1967, art. 2 and 32
// n. 3). Why he lost it is not kept: it may be a judgment. It stays with him from
// one comune to the next, and ends only with a [Recovery].
type CapacityLoss struct {
	// Day is the day from which it counts; zero if it is not known.
	Day Date `json:"day,omitzero"`
	// Comune is the Belfiore code of the comune that registered it.
	Comune string `json:"comune"`
}

// A Recovery is the act by which a person has the right to vote again ("riacquisto
// del diritto", D.P.R. 223/1967, art. 32 n. 5).
type Recovery struct {
	// Act is a short reference by which the act is found: office, number, date;
	// 3 to 80 characters on one line. It must not say why the right was lost.
	Act string `json:"act"`
	// Day is the day from which he has the right again.
	Day Date `json:"day"`
}

// RemovalFrom returns how the elector left a list, and false if he did not, or
// is in it again.
func (e Elector) RemovalFrom(l List) (Removal, bool) {
	if i := slices.IndexFunc(e.Removals, func(r Removal) bool { return r.List == l }); i >= 0 {
		return e.Removals[i], true
	}
	return Removal{}, false
}

// SetRemoval records how the elector left a list, in place of an earlier removal
// from it.
func (e *Elector) SetRemoval(r Removal) {
	e.DropRemoval(r.List)
	e.Removals = append(slices.Clip(e.Removals), r)
	slices.SortStableFunc(e.Removals, func(a, b Removal) int {
		return cmp.Compare(slices.Index(Lists(), a.List), slices.Index(Lists(), b.List))
	})
}

// DropRemoval forgets how the elector left a list.
func (e *Elector) DropRemoval(l List) {
	e.Removals = without(e.Removals, func(r Removal) bool { return r.List == l })
}

// KeptVote returns the vote that the elector has kept for a consultation of a
// day, and false if he kept none.
func (e Elector) KeptVote(c Consultation, day Date) (KeptVote, bool) {
	for _, v := range e.KeptVotes {
		if v.Consultation == c && v.Day == day {
			return v, true
		}
	}
	return KeptVote{}, false
}

// KeepVote adds a vote, in place of one for the same consultation of that day.
// The votes stand in the order of day and consultation.
func (e *Elector) KeepVote(v KeptVote) {
	e.DropVotes(func(o KeptVote) bool { return o.Consultation == v.Consultation && o.Day == v.Day })
	e.KeptVotes = append(slices.Clip(e.KeptVotes), v)
	slices.SortStableFunc(e.KeptVotes, func(a, b KeptVote) int {
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(slices.Index(Consultations(), a.Consultation),
			slices.Index(Consultations(), b.Consultation)))
	})
}

// DropVotes forgets the kept votes for which over returns true.
func (e *Elector) DropVotes(over func(KeptVote) bool) { e.KeptVotes = without(e.KeptVotes, over) }

// without returns a list without what gone selects, nil if nothing is left. The
// list itself stays as it is: copies of an elector may share it.
func without[T any](list []T, gone func(T) bool) []T {
	var kept []T
	for _, v := range list {
		if !gone(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// keptPlaces yields the places that the elector has for his kept votes, each
// once: two votes of one day may be in one section.
func (e Elector) keptPlaces(from Date) iter.Seq[Enrolment] {
	return func(yield func(Enrolment) bool) {
		for i, v := range e.KeptVotes {
			at := Enrolment{Comune: v.Comune, Section: v.Section}
			if v.Day.Before(from) || slices.ContainsFunc(e.KeptVotes[:i], func(o KeptVote) bool {
				return o.Comune == v.Comune && o.Section == v.Section && !o.Day.Before(from)
			}) {
				continue
			}
			if !yield(at) {
				return
			}
		}
	}
}

// earlierRemoval is how earlier versions wrote the one removal that an
// elector had, with the vote that he kept.
type earlierRemoval struct {
	Comune     string       `json:"comune"`
	List       List         `json:"list"`
	Reason     RemovalCode  `json:"reason"`
	Day        Date         `json:"day,omitzero"`
	Note       string       `json:"note,omitzero"`
	StillVotes *earlierVote `json:"stillVotes,omitzero"`
}

type earlierVote struct {
	Consultation Consultation `json:"consultation"`
	Day          Date         `json:"day"`
	Section      string       `json:"section"`
}

// UnmarshalJSON reads an elector, also as earlier versions wrote him: with one
// "removal", whose reason 5 stood for every added list.
func (e *Elector) UnmarshalJSON(data []byte) error {
	type plain Elector // without this method
	var read plain
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	if bytes.Contains(data, []byte(`"removal"`)) {
		var earlier struct {
			Removal *earlierRemoval `json:"removal"`
		}
		if err := json.Unmarshal(data, &earlier); err != nil {
			return err
		}
		if earlier.Removal != nil && (read.Removals != nil || read.KeptVotes != nil) {
			return fmt.Errorf("electoral: elector %s: removal and removals: expected one of them", read.ANPRID)
		}
		earlier.Removal.putInto((*Elector)(&read))
	}
	*e = Elector(read)
	return nil
}

// putInto gives an elector the removal and the kept vote that stood in one.
func (r *earlierRemoval) putInto(e *Elector) {
	if r == nil {
		return
	}
	is := Removal{Comune: r.Comune, List: r.List, Code: r.Reason, Day: r.Day, Note: r.Note}
	if r.Reason == FromEUComunalList && r.List != GeneralList { // 5 stood for each added list
		if code, ok := RemovalCodeOf(r.List, CauseOther); ok {
			is.Code = code
		}
	}
	e.Removals = []Removal{is}
	if v := r.StillVotes; v != nil {
		e.KeptVotes = []KeptVote{{Comune: r.Comune, Consultation: v.Consultation, Day: v.Day, Section: v.Section}}
	}
	if is.Code == RightLostWithTransfer && e.Capacity == No {
		e.Loss = &CapacityLoss{Day: is.Day, Comune: is.Comune}
	}
}
