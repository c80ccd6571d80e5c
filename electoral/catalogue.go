package electoral

import (
	"slices"
)

// A Rule is what a [Code] stands for: all that its faults say apart from the
// field, the value and the arguments.
type Rule struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Description says in Italian what the rule asks.
	Description string `json:"description"`
	// Message says in Italian what is wrong, and Expected what would be accepted.
	// {name} stands for the argument of that name.
	Message  string `json:"message"`
	Expected string `json:"expected"`
	// Citizen says the same to the person whom the fault is about: what it means
	// for him and what he can do, without codes and law ([Rule.CitizenText]). Empty
	// where only officers meet the fault.
	Citizen string `json:"citizen,omitzero"`
	// Cases are other situations in which the rule is broken, with texts of their
	// own.
	Cases []Case `json:"cases,omitempty"`
	// Source is the law or the document that the rule rests on.
	Source string `json:"source"`
	// ANPRCode is the code with which ANPR refuses the same thing, where known.
	ANPRCode string `json:"anprCode,omitzero"`
	// From and To are the first and the last day on which the rule holds; zero
	// means no bound.
	From Date `json:"from,omitzero"`
	To   Date `json:"to,omitzero"`
}

// A Case is a situation in which a rule is broken.
type Case struct {
	// Name identifies the case within its rule: a-z, 0-9 and hyphens. It is as
	// stable as the code.
	Name     string `json:"name"`
	Message  string `json:"message"`
	Expected string `json:"expected"`
	// Citizen is the text for citizens; empty means that of the rule.
	Citizen string `json:"citizen,omitzero"`
}

// The codes of the rules on electors (ELE), on sections (SEZ), of the registry
// (REG), on votes (VOT) and of the succession of comuni (SUC); [Rules] describes each.
const (
	IDMalformed                   Code = "ELE-ID-01"
	DayImpossible                 Code = "ELE-DAT-01"
	CapacityNotGiven              Code = "ELE-CAP-01"
	CapacityNoWithStatus          Code = "ELE-CAP-02"
	CapacityNoWithLists           Code = "ELE-CAP-03"
	DeadEnrolled                  Code = "ELE-PER-01"
	AgeTooLow                     Code = "ELE-PER-02"
	AgeUncertain                  Code = "ELE-PER-03"
	PersonNotRegistered           Code = "ELE-PER-05"
	NationalStatusNotItalian      Code = "ELE-PER-06"
	EnrolmentComuneMissing        Code = "ELE-ISC-01"
	EnrolmentSectionMissing       Code = "ELE-ISC-02"
	EnrolmentSectionTooLong       Code = "ELE-ISC-03"
	EnrolmentComuneUnknown        Code = "ELE-ISC-04"
	SectionUnknown                Code = "ELE-ISC-05"
	SectionNumberAboveCount       Code = "ELE-ISC-06"
	GeneralNotItalian             Code = "ELE-GEN-01"
	GeneralOtherComune            Code = "ELE-GEN-02"
	CitizenshipUnknown            Code = "ELE-PER-04"
	AddedWithoutEnrolment         Code = "ELE-AGG-01"
	EnrolmentWithoutAdded         Code = "ELE-AGG-02"
	AddedMoreThanOne              Code = "ELE-AGG-03"
	AddedNotItalian               Code = "ELE-AGG-04"
	AddedSameComune               Code = "ELE-AGG-05"
	AddedOtherProvince            Code = "ELE-AGG-06"
	AddedTermOver                 Code = "ELE-AGG-07"
	AddedTermNotCheckable         Code = "ELE-AGG-08"
	AddedComuneInTerritory        Code = "ELE-AGG-09"
	AddedRegionalStatus           Code = "ELE-AGG-10"
	EUWithoutEnrolment            Code = "ELE-UE-01"
	EnrolmentWithoutEU            Code = "ELE-UE-02"
	EUWithGeneral                 Code = "ELE-UE-03"
	EUWithAdded                   Code = "ELE-UE-04"
	EUItalian                     Code = "ELE-UE-05"
	EUNotMember                   Code = "ELE-UE-06"
	EUDifferentComuni             Code = "ELE-UE-07"
	EUOtherComune                 Code = "ELE-UE-11"
	EUNotResident                 Code = "ELE-UE-12"
	EUNationalStatus              Code = "ELE-UE-08"
	EUParliamentStatus            Code = "ELE-UE-09"
	EUComunalStatus               Code = "ELE-UE-10"
	StatusNotGiven                Code = "ELE-STA-01"
	StatusNotGivenForANPR         Code = "ELE-STA-02"
	ConstituencyMissing           Code = "ELE-STA-03"
	ConstituencyNotDue            Code = "ELE-STA-04"
	ConstituencyUnknown           Code = "ELE-STA-05"
	ConstituencyNotExact          Code = "ELE-STA-06"
	ConstituencyOtherComune       Code = "ELE-STA-07"
	ConstituencyNotCheckable      Code = "ELE-STA-08"
	AbroadConstituencyForResident Code = "ELE-STA-09"
	NationalConstituencyForAbroad Code = "ELE-STA-10"
	AbroadDivisionOtherState      Code = "ELE-STA-11"
	AbroadDivisionNotCheckable    Code = "ELE-STA-12"
	ConstituenciesDisagree        Code = "ELE-STA-13"
	SectionLacksEuropean          Code = "ELE-STA-14"
	SectionLacksRegional          Code = "ELE-STA-15"
	SectionLacksCollege           Code = "ELE-STA-16"
	SectionLacksDistrict          Code = "ELE-STA-17"
	SectionOtherConstituency      Code = "ELE-STA-18"
	DistrictInSmallComune         Code = "ELE-STA-19"
	StatusUnusual                 Code = "ELE-STA-20"
	StatusWithoutList             Code = "ELE-STA-21"
	CertifiabilityUnknown         Code = "ELE-CER-01"
	CertifiabilityWithoutCapacity Code = "ELE-CER-02"
	SectionComuneMissing          Code = "SEZ-COM-01"
	SectionComuneUnknown          Code = "SEZ-COM-02"
	SectionNumberMissing          Code = "SEZ-NUM-01"
	SectionNumberTooLong          Code = "SEZ-NUM-02"
	SectionNumberUnusual          Code = "SEZ-NUM-03"
	SeatNameMissing               Code = "SEZ-SED-01"
	SeatNameTooLong               Code = "SEZ-SED-02"
	SeatPostCode                  Code = "SEZ-SED-03"
	SeatStreetMissing             Code = "SEZ-SED-04"
	SeatComuneMissing             Code = "SEZ-SED-05"
	SeatOtherComune               Code = "SEZ-SED-06"
	EuropeanUnknown               Code = "SEZ-EUR-01"
	EuropeanOtherComune           Code = "SEZ-EUR-02"
	EuropeanNotCheckable          Code = "SEZ-EUR-03"
	CollegeMissing                Code = "SEZ-COL-01"
	CollegeUnknown                Code = "SEZ-COL-02"
	CollegeOtherComune            Code = "SEZ-COL-03"
	CollegeNotCheckable           Code = "SEZ-COL-04"
	CollegeMultiMemberMissing     Code = "SEZ-COL-05"
	CollegeNotExact               Code = "SEZ-COL-06"
	RegionalMissing               Code = "SEZ-REG-01"
	RegionalOtherComune           Code = "SEZ-REG-02"
	RegionalNotCheckable          Code = "SEZ-REG-03"
	FieldTooLong                  Code = "SEZ-TXT-01"
	DistrictComuneSmall           Code = "SEZ-CIR-01"
	TranslationLanguage           Code = "SEZ-LIN-01"
	TranslationNameMissing        Code = "SEZ-LIN-02"
	TranslationNotInForce         Code = "SEZ-LIN-03"
	NotCompetent                  Code = "REG-COM-01"
	LevelTooLow                   Code = "REG-ACC-01"
	RequestIDMissing              Code = "REG-ACC-02"
	ActorUnknown                  Code = "REG-ACC-03"
	OtherPerson                   Code = "REG-ACC-04"
	PersonUnknown                 Code = "REG-PER-01"
	PersonGone                    Code = "REG-PER-02"
	ElectorUnknown                Code = "REG-ELE-01"
	AlreadyEnrolled               Code = "REG-ELE-02"
	IDsNotMerged                  Code = "REG-ELE-03"
	SectionNotFound               Code = "REG-SEZ-01"
	SectionOtherSpelling          Code = "REG-SEZ-02"
	SectionExists                 Code = "REG-SEZ-03"
	SectionNotEmpty               Code = "REG-SEZ-04"
	SectionNeeded                 Code = "REG-SEZ-05"
	SectionDatumChanged           Code = "REG-SEZ-06"
	SectionSizeUnusual            Code = "REG-SEZ-07"
	SectionNamed                  Code = "REG-SEZ-08"
	MappingEmpty                  Code = "REG-SEZ-09"
	MappingTwice                  Code = "REG-SEZ-10"
	MappingTarget                 Code = "REG-SEZ-11"
	MappingItself                 Code = "REG-SEZ-12"
	MappingNotHere                Code = "REG-SEZ-13"
	MappingMoved                  Code = "REG-SEZ-14"
	MappingFaults                 Code = "REG-SEZ-15"
	RedrawnOutOfSeason            Code = "REG-SEZ-16"
	RedrawnBeforeVote             Code = "REG-SEZ-17"
	SeatChanged                   Code = "REG-SEZ-18"
	SectionKindUnknown            Code = "REG-SEZ-19"
	SectionNotOrdinary            Code = "REG-SEZ-20"
	OtherComuneLoad               Code = "REG-CAR-01"
	DuplicateElector              Code = "REG-CAR-02"
	DuplicateSection              Code = "REG-CAR-03"
	CountMismatch                 Code = "REG-CAR-04"
	LoadIncomplete                Code = "REG-CAR-05"
	SectionReplaced               Code = "REG-CAR-06"
	ExtractionList                Code = "REG-EST-01"
	ExtractionVote                Code = "REG-EST-02"
	ExtractionPurpose             Code = "REG-EST-03"
	RequestIDReused               Code = "REG-ACC-05"
	RequestIDOld                  Code = "REG-ACC-06"
	RequestIDFar                  Code = "REG-ACC-09"
	RevisionUnknown               Code = "REG-ACC-07"
	AccessTextUnfit               Code = "REG-ACC-08"
	RemovalNotHere                Code = "REG-CAN-01"
	RemovalCodeUnknown            Code = "REG-CAN-02"
	RemovalList                   Code = "REG-CAN-03"
	RemovalCodeOfList             Code = "REG-CAN-04"
	RemovalStillVotes             Code = "REG-CAN-05"
	RemovalNoteTooLong            Code = "REG-CAN-06"
	RemovalAlive                  Code = "REG-CAN-07"
	RemovalStillResident          Code = "REG-CAN-08"
	RemovalDay                    Code = "REG-CAN-09"
	RemovalDayUnusual             Code = "REG-CAN-10"
	RemovalRevision               Code = "REG-CAN-11"
	RemovalVotesBeyond            Code = "REG-CAN-12"
	CapacityUnchanged             Code = "REG-CAP-01"
	CapacityNotRecovered          Code = "REG-CAP-02"
	CapacityFromMessage           Code = "REG-CAP-03"
	CapacityOfUnknownOrigin       Code = "REG-CAP-04"
	RecoveryWithoutLoss           Code = "REG-CAP-05"
	RecoveryUnfit                 Code = "REG-CAP-06"
	LossNotHere                   Code = "REG-CAP-07"
	QueryField                    Code = "REG-CON-01"
	QueryValue                    Code = "REG-CON-02"
	QueryContradiction            Code = "REG-CON-03"
	QueryInterval                 Code = "REG-CON-04"
	QueryOperation                Code = "REG-CON-05"
	QueryPaging                   Code = "REG-CON-06"
	ConflictUnknown               Code = "REG-CNF-01"
	ConflictStep                  Code = "REG-CNF-02"
	NoteMissing                   Code = "REG-TXT-01"
	RectificationUnknown          Code = "REG-RET-01"
	RectificationField            Code = "REG-RET-02"
	RectificationValue            Code = "REG-RET-03"
	RectificationAction           Code = "REG-RET-04"
	RectificationNotDone          Code = "REG-RET-05"
	ApplicationUnknown            Code = "REG-UE-01"
	ApplicationList               Code = "REG-UE-02"
	ApplicationIncomplete         Code = "REG-UE-03"
	ApplicationNotEntitled        Code = "REG-UE-04"
	ApplicationTwice              Code = "REG-UE-05"
	ApplicationLate               Code = "REG-UE-06"
	ApplicationAction             Code = "REG-UE-07"
	ApplicationCapacity           Code = "REG-UE-08"
	LoadUnknown                   Code = "REG-CAR-07"
	LoadState                     Code = "REG-CAR-08"
	LoadOptionsDisagree           Code = "REG-CAR-09"
	LoadKept                      Code = "REG-CAR-10"
	SectionRefused                Code = "REG-CAR-11"
	ExtractionScope               Code = "REG-EST-04"
	ListLetters                   Code = "REG-EST-05"
	VoteUnknown                   Code = "VOT-DAT-01"
	VoteDay                       Code = "VOT-DAT-02"
	VoterNotInList                Code = "VOT-LIS-01"
	VoterElsewhere                Code = "VOT-LIS-02"
	VoterWithoutCapacity          Code = "VOT-CAP-01"
	VoterCapacityUnknown          Code = "VOT-CAP-02"
	VoterStatusNo                 Code = "VOT-STA-01"
	VoterStatusUnknown            Code = "VOT-STA-02"
	VoterUnderAge                 Code = "VOT-ETA-01"
	VoterAgeUnknown               Code = "VOT-ETA-02"
	VoterDead                     Code = "VOT-PER-01"
	VoterNotInPopulation          Code = "VOT-PER-02"
	VoterNotRegistered            Code = "VOT-PER-03"
	VoterNotCitizen               Code = "VOT-CIT-01"
	VoterNotOfUnion               Code = "VOT-CIT-02"
	VoterByPost                   Code = "VOT-EST-01"
	VoterOptedForItaly            Code = "VOT-EST-02"
	VoterNoPostalState            Code = "VOT-EST-03"
	PostalStatesUnknown           Code = "VOT-EST-04"
	VoterTemporarilyAbroad        Code = "VOT-EST-05"
	VoterAbroadEuropean           Code = "VOT-EST-06"
	VoterAbroadAtHome             Code = "VOT-EST-07"
	VoterTermMissing              Code = "VOT-AGG-01"
	VoterOtherWay                 Code = "VOT-MOD-01"
	ChoiceKindUnknown             Code = "VOT-SCE-01"
	ChoiceDay                     Code = "VOT-SCE-02"
	ChoiceTermUnknown             Code = "VOT-SCE-03"
	ChoiceNotFitting              Code = "VOT-SCE-04"
	ChoiceTwice                   Code = "VOT-SCE-05"
	ChoiceGone                    Code = "VOT-SCE-06"
	AddedListMissing              Code = "ELE-AGG-11"
	EUTermMissing                 Code = "ELE-UE-13"
	SuccessionKindUnknown         Code = "SUC-DAT-01"
	SuccessionDay                 Code = "SUC-DAT-02"
	SuccessionActUnfit            Code = "SUC-ATT-01"
	SuccessionComuni              Code = "SUC-COM-01"
	SuccessionNotHeir             Code = "SUC-COM-02"
	SuccessionNotInArchive        Code = "SUC-COM-03"
	SuccessionNotAnnounced        Code = "SUC-COM-04"
	SuccessionMapping             Code = "SUC-SEZ-01"
	SuccessionSectionLeft         Code = "SUC-SEZ-02"
	SuccessionSectionData         Code = "SUC-SEZ-03"
	SuccessionPersons             Code = "SUC-PER-01"
	SuccessionDoubt               Code = "SUC-PER-02"
	ResidentOfCeased              Code = "SUC-PER-03"
	TakenFromCeased               Code = "SUC-PER-04"
	SuccessionUnknown             Code = "SUC-STA-01"
	SuccessionStep                Code = "SUC-STA-02"
	SuccessionNothingMoves        Code = "SUC-STA-03"
	SuccessionConflictClosed      Code = "SUC-STA-04"
	SuccessionNumbering           Code = "SUC-STA-05"
	ComuneCeased                  Code = "SUC-CES-01"
	ComuneCeasedOpen              Code = "SUC-CES-02"
	SuccessionInterim             Code = "SUC-CES-03"
	RevisionNotFound              Code = "REV-RIV-01"
	RevisionWhich                 Code = "REV-RIV-02"
	RevisionStep                  Code = "REV-RIV-03"
	ProposalsLeftOut              Code = "REV-RIV-04"
	LinesLeft                     Code = "REV-RIV-05"
	AppliedEarly                  Code = "REV-RIV-06"
	LineNotFound                  Code = "REV-LIN-01"
	LineChanged                   Code = "REV-LIN-02"
	LineStep                      Code = "REV-LIN-03"
	LineIncomplete                Code = "REV-LIN-04"
	LineFit                       Code = "REV-LIN-05"
	LineFacts                     Code = "REV-LIN-06"
	LineBeforeLast                Code = "REV-LIN-07"
	DoubtCitizenshipLost          Code = "REV-DUB-01"
	DoubtUnregistered             Code = "REV-DUB-02"
	DoubtStillListed              Code = "REV-DUB-03"
	DoubtRestored                 Code = "REV-DUB-04"
	DoubtReappeared               Code = "REV-DUB-05"
	DoubtOrigin                   Code = "REV-DUB-06"
	DoubtAttestation              Code = "REV-DUB-07"
	DoubtTerritory                Code = "REV-DUB-08"
	DoubtCapacity                 Code = "REV-DUB-09"
	DoubtBirth                    Code = "REV-DUB-10"
	DoubtReferenceDay             Code = "REV-DUB-11"
	TextUnfit                     Code = "REG-DAT-01"
	ValueUnknown                  Code = "REG-DAT-02"
)

// ruleLists returns the rules, room by room.
func ruleLists() [][]Rule {
	return [][]Rule{electorRules, sectionRules, redrawRules, registryRules, inputRules, requestRules, removalRules, votingRules,
		revisionTermsRules, revisionRules, successionRules}
}

// Rules returns every rule, in a stable order. [RuleOf] finds one.
func Rules() []Rule { return slices.Concat(ruleLists()...) }

// RuleOf returns the rule of a code.
func RuleOf(c Code) (Rule, bool) {
	for _, list := range ruleLists() {
		if i := slices.IndexFunc(list, func(r Rule) bool { return r.Code == c }); i >= 0 {
			return list[i], true
		}
	}
	return Rule{}, false
}

// InForce reports whether the rule holds on a day.
func (r Rule) InForce(at Date) bool {
	return (r.From.IsZero() || !at.Before(r.From)) && (r.To.IsZero() || !at.After(r.To))
}

// Fault returns a fault of the rule, in the case of that name or, with an empty
// one, in the usual case. The tag is that of the path in ANPR's messages.
func (r Rule) Fault(name, path, value string, args Args) Fault {
	message, expected := r.Message, r.Expected
	if i := slices.IndexFunc(r.Cases, func(c Case) bool { return c.Name == name }); i >= 0 {
		message, expected = r.Cases[i].Message, r.Cases[i].Expected
	}
	return Fault{
		Code: r.Code, Severity: r.Severity, Case: name, Args: args, Path: path, Tag: Tag(path), Value: value,
		Message: args.fill(message), Expected: args.fill(expected), Source: r.Source, ANPRCode: r.ANPRCode,
	}
}
