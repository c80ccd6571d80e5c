package revision

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// A StepCode names a step of a revision; it is stable.
type StepCode string

// The steps of the semestral revision (D.P.R. 223/1967, art. 7-31).
const (
	StepReferenceDay    StepCode = "semestral-reference-day"
	StepEighteenList    StepCode = "semestral-eighteen-list"
	StepProposals       StepCode = "semestral-proposals"
	StepDeposit         StepCode = "semestral-deposit"
	StepDecision        StepCode = "semestral-decision"
	StepWriting         StepCode = "semestral-writing"
	StepSemestralEffect StepCode = "semestral-effect"
)

// The steps of the ordinary dynamic revision (art. 32): the first round, what the
// comuni send each other after it, the second round.
const (
	StepRemovalRound   StepCode = "dynamic-removal-round"
	StepExchange       StepCode = "dynamic-exchange"
	StepEnrolmentRound StepCode = "dynamic-enrolment-round"
)

// The steps of the extraordinary dynamic revision (art. 32, 32-bis, 33).
const (
	StepFirstRound     StepCode = "first-round"
	StepNotice         StepCode = "notice"
	StepNoticeLimit    StepCode = "notice-limit"       // moves, losses, sections
	StepAddedTermLimit StepCode = "added-term-limit"   // added lists of Bolzano, Trento, Valle d'Aosta
	StepEUComunal      StepCode = "eu-comunal-limit"   // applications, d.lgs. 197/1996, art. 3
	StepEUParliament   StepCode = "eu-parliament"      // applications, D.L. 408/1994
	StepUnderAgeList   StepCode = "under-age-list"     // art. 33
	StepFirstCount     StepCode = "first-count"        // REF-1
	StepRightLimit     StepCode = "right-limit"        // art. 32 n. 5
	StepAttestations   StepCode = "attestations"       // art. 32-bis
	StepFinalLimit     StepCode = "final-limit"        // deaths, ripristino
	StepSecondCount    StepCode = "second-count"       // REF-2
	StepBlocked        StepCode = "blocked"            // blocco delle liste
	StepAfterVote      StepCode = "after-vote"         // art. 32-bis
	StepOption         StepCode = "option-for-italy"   // [electoral.OptionForItaly]
	StepTemporarily    StepCode = "temporarily-abroad" // [electoral.TemporarilyAbroad]
	StepAtHome         StepCode = "at-home"            // [electoral.AtHome]
	StepInHospital     StepCode = "in-hospital"        // [electoral.InHospital]
	StepInDetention    StepCode = "in-detention"       // [electoral.InDetention]
)

// StepCodes returns the steps, of each kind of revision in its usual order.
func StepCodes() []StepCode {
	var out []StepCode
	for _, r := range stepRules() {
		out = append(out, r.code)
	}
	return out
}

// An Organ is who acts in a step ("organo").
type Organ string

// The organs.
const (
	// ElectoralOfficer is the "ufficiale elettorale".
	ElectoralOfficer Organ = "electoral-officer"
	// Mayor is the "sindaco".
	Mayor Organ = "mayor"
	// Circondariale is the "commissione (sottocommissione) elettorale
	// circondariale".
	Circondariale Organ = "circondariale"
	// Consulate is the "ufficio consolare".
	Consulate Organ = "consulate"
)

// Italian returns the organ for people.
func (o Organ) Italian() string {
	switch o {
	case ElectoralOfficer:
		return "ufficiale elettorale"
	case Mayor:
		return "sindaco"
	case Circondariale:
		return "commissione elettorale circondariale"
	case Consulate:
		return "ufficio consolare"
	}
	return "organo sconosciuto: " + string(o)
}

// A Step is one step of a revision ("passo"), with its term.
type Step struct {
	Code StepCode `json:"code"`
	// Kind is the revision, or of the ordinary dynamic one the round, to which the
	// step belongs.
	Kind Kind `json:"kind"`
	// From is the first day, zero if the law names none; Day is the last one. Both
	// are days in Italy.
	From  electoral.Date `json:"from,omitzero"`
	Day   electoral.Date `json:"day"`
	Organ Organ          `json:"organ"`
	// Italian says what is done, and Law is the article.
	Italian string `json:"italian"`
	Law     string `json:"law"`
	Basis   Basis  `json:"basis"`
	// Strict is set if after Day nothing of Causes is admitted any more. It is never
	// set where the basis is not [Sourced].
	Strict bool `json:"strict"`
	// Causes are those whose term the step is.
	Causes []Cause `json:"causes,omitempty"`
	// Vote is the vote whose step it is, empty if it is that of all votes of the
	// day.
	Vote electoral.Consultation `json:"vote,omitzero"`
}

// A stepRule is what does not change of a step.
type stepRule struct {
	code    StepCode
	kind    Kind
	organ   Organ
	italian string
	causes  []Cause
	// barring is set if the law admits nothing of the causes after the last day. Of
	// the half-yearly revisions it names the day of an act and not what becomes of a
	// late one.
	barring bool
	// event is set if the step is a day and not a time that ends with it.
	event bool
	// elsewhere is set if the day is not that of a [Term].
	elsewhere bool
	// national is set if the step is of a national referendum and of the elections
	// of the Chambers alone.
	national bool
}

func ruleOf(code StepCode) (stepRule, bool) {
	rules := stepRules()
	i := slices.IndexFunc(rules, func(r stepRule) bool { return r.code == code })
	if i < 0 {
		return stepRule{}, false
	}
	return rules[i], true
}

func stepRules() []stepRule {
	return slices.Concat(halfYearRules(), voteRules(), choiceRules())
}

func halfYearRules() []stepRule {
	return []stepRule{
		{code: StepReferenceDay, kind: Semestral, organ: ElectoralOfficer, event: true,
			italian: "giorno di riferimento: iscrizione nell'anagrafe o nell'AIRE"},
		{code: StepEighteenList, kind: Semestral, organ: ElectoralOfficer,
			italian: "elenco di chi compie 18 anni nel semestre che segue"},
		{code: StepProposals, kind: Semestral, organ: ElectoralOfficer,
			causes:  []Cause{TurnsEighteen, Untraceable, SectionsRedrawn},
			italian: "proposte di iscrizione e di cancellazione per irreperibilità; revisione delle sezioni"},
		{code: StepDeposit, kind: Semestral, organ: ElectoralOfficer,
			italian: "deposito degli atti, aperti a chiunque; ricorsi alla commissione elettorale circondariale"},
		{code: StepDecision, kind: Semestral, organ: Circondariale,
			italian: "decisione sulle proposte e sui ricorsi"},
		{code: StepWriting, kind: Semestral, organ: ElectoralOfficer,
			italian: "variazioni scritte nelle liste generali e sezionali, notifica ai cancellati"},
		{code: StepSemestralEffect, kind: Semestral, organ: ElectoralOfficer, event: true,
			italian: "giorno delle nuove liste"},
		{code: StepRemovalRound, kind: DynamicFirst, organ: ElectoralOfficer,
			causes:  []Cause{Death, CitizenshipLost, RightLost, MovedOut, Restored, TermEnded},
			italian: "prima tornata: cancellazioni e ripristini"},
		{code: StepExchange, kind: DynamicFirst, organ: ElectoralOfficer,
			italian: "cancellazioni in ANPR e fascicoli degli elettori trasferiti ai comuni di nuova residenza"},
		{code: StepEnrolmentRound, kind: DynamicSecond, organ: ElectoralOfficer,
			causes:  []Cause{MovedIn, RightAcquired, OtherSection, EUApplication},
			italian: "seconda tornata: iscrizioni, cambi di sezione, variazioni del nome"},
	}
}

func voteRules() []stepRule {
	return []stepRule{
		{code: StepFirstRound, kind: Extraordinary, organ: ElectoralOfficer, causes: []Cause{MovedOut},
			italian: "prima tornata: cancellazione degli emigrati, con notizia ai comuni di nuova residenza"},
		{code: StepNotice, kind: Extraordinary, organ: Mayor, event: true,
			italian: "pubblicazione del manifesto di convocazione dei comizi"},
		{code: StepNoticeLimit, kind: Extraordinary, organ: ElectoralOfficer, barring: true,
			causes: []Cause{CitizenshipLost, RightLost, MovedOut, MovedIn, OtherSection},
			italian: "ultimo giorno delle cancellazioni n. 2, 3 e 4, delle iscrizioni degli immigrati e dei cambi " +
				"di sezione"},
		{code: StepAddedTermLimit, kind: Extraordinary, organ: ElectoralOfficer, causes: []Cause{TermEnded},
			italian: "cancellazione dalla lista aggiunta di chi ha compiuto il periodo di residenza"},
		{code: StepEUComunal, kind: Extraordinary, organ: ElectoralOfficer, barring: true, elsewhere: true,
			causes:  []Cause{EUApplication},
			italian: "ultimo giorno delle domande dei cittadini dell'Unione per la lista aggiunta comunale"},
		{code: StepEUParliament, kind: Extraordinary, organ: ElectoralOfficer, barring: true, elsewhere: true,
			causes:  []Cause{EUApplication},
			italian: "ultimo giorno delle domande dei cittadini dell'Unione per il Parlamento europeo"},
		{code: StepUnderAgeList, kind: Extraordinary, organ: ElectoralOfficer, causes: []Cause{UnderAge},
			italian: "elenco, in tre copie, degli iscritti che non avranno 18 anni il {age}; " +
				"la commissione circondariale li depenna dalle liste sezionali"},
		{code: StepFirstCount, kind: Extraordinary, organ: ElectoralOfficer, national: true,
			italian: "primo conteggio degli elettori delle sezioni"},
		{code: StepRightLimit, kind: Extraordinary, organ: ElectoralOfficer, barring: true,
			causes:  []Cause{RightAcquired},
			italian: "ultimo giorno delle iscrizioni n. 5: acquisto o riacquisto del diritto"},
		{code: StepAttestations, kind: Extraordinary, organ: Mayor, elsewhere: true,
			italian: "ammissione al voto, su domanda, con attestazione, di chi ha acquistato il diritto dopo il termine"},
		{code: StepFinalLimit, kind: Extraordinary, organ: ElectoralOfficer, barring: true,
			causes:  []Cause{Death, Restored},
			italian: "ultimo giorno delle cancellazioni dei deceduti e dei ripristini"},
		{code: StepSecondCount, kind: Extraordinary, organ: ElectoralOfficer, national: true,
			italian: "secondo conteggio degli elettori delle sezioni"},
		{code: StepBlocked, kind: Extraordinary, organ: ElectoralOfficer, barring: true, elsewhere: true,
			italian: "liste bloccate: nessuna variazione fino al voto"},
		{code: StepAfterVote, kind: Extraordinary, organ: ElectoralOfficer, elsewhere: true,
			italian: "iscrizione nelle liste di chi è stato ammesso al voto con attestazione"},
	}
}

// choiceRules are the terms of the voters' own choices, by the registry's clock.
func choiceRules() []stepRule {
	return []stepRule{
		{code: StepOption, kind: Extraordinary, organ: Consulate, national: true, elsewhere: true,
			italian: "opzione dei residenti all'estero per il voto in Italia"},
		{code: StepTemporarily, kind: Extraordinary, organ: ElectoralOfficer, national: true, elsewhere: true,
			italian: "domande di voto per corrispondenza di chi è temporaneamente all'estero"},
		{code: StepAtHome, kind: Extraordinary, organ: ElectoralOfficer, elsewhere: true,
			italian: "domande di voto a domicilio"},
		{code: StepInHospital, kind: Extraordinary, organ: Mayor, elsewhere: true,
			italian: "dichiarazioni di chi vota nel luogo di cura"},
		{code: StepInDetention, kind: Extraordinary, organ: Mayor, elsewhere: true,
			italian: "dichiarazioni di chi vota nel luogo di detenzione"},
	}
}
