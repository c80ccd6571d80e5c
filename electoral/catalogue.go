package electoral

import (
	"slices"
)

// A Rule is what a [Code] stands for.
type Rule struct {
	Code     Code
	Severity Severity
	// Description says in Italian what the rule asks.
	Description string
	// Source is the law or the document that the rule rests on.
	Source string
	// ANPRCode is the code with which ANPR refuses the same thing, where known.
	ANPRCode string
}

// The codes of the rules on electors (ELE), on sections (SEZ) and of the
// registry (REG); [Rules] describes each.
const (
	IDMalformed                   Code = "ELE-ID-01"
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
	ElectorUnknown                Code = "REG-ELE-01"
	AlreadyEnrolled               Code = "REG-ELE-02"
	SectionNotFound               Code = "REG-SEZ-01"
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
	RevisionUnknown               Code = "REG-ACC-07"
	AccessTextUnfit               Code = "REG-ACC-08"
	RemovalNotHere                Code = "REG-CAN-01"
	RemovalReasonUnknown          Code = "REG-CAN-02"
	RemovalList                   Code = "REG-CAN-03"
	RemovalReasonOfList           Code = "REG-CAN-04"
	RemovalStillVotes             Code = "REG-CAN-05"
	RemovalNoteTooLong            Code = "REG-CAN-06"
	RemovalAlive                  Code = "REG-CAN-07"
	CapacityUnchanged             Code = "REG-CAP-01"
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
	ExtractionScope               Code = "REG-EST-04"
)

// catalogue holds the rules in the order of their constants. Only read.
var catalogue = []Rule{
	{IDMalformed, Error, "l'identificativo ANPR del soggetto è di 1-16 cifre", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", ""},
	{CapacityNotGiven, Error, "il godimento dell'elettorato attivo è indicato con «si» o «no»", "D.M. 17 ottobre 2022, all. 1, punto 1", "EN489"},
	{CapacityNoWithStatus, Error, "chi non è elettore non lo è per alcuna consultazione", "D.M. 17 ottobre 2022, all. 1, punto 1", ""},
	{CapacityNoWithLists, Warning, "ANPR perde le liste di chi è caricato con elettore «no»", "D.M. 17 ottobre 2022, all. 1, punto 1", ""},
	{DeadEnrolled, Error, "il deceduto non è elettore né iscritto in una lista", "D.P.R. 20 marzo 1967, n. 223", "EN228"},
	{AgeTooLow, Error, "l'elettore ha 18 anni, o li compie nel semestre della revisione", "D.P.R. 20 marzo 1967, n. 223 (revisione semestrale)", ""},
	{AgeUncertain, Warning, "l'età non si può calcolare da una data di nascita incompleta", "D.P.R. 20 marzo 1967, n. 223 (revisione semestrale)", ""},
	{PersonNotRegistered, Error, "l'elettore è residente in Italia o iscritto all'AIRE", "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 1", "EN413"},
	{NationalStatusNotItalian, Error, "chi non è cittadino italiano non è elettore per referendum nazionali, Senato, Camera e regionali", "D.M. 17 ottobre 2022, all. 1, punti 4 e 5; prassi ANPR (segnalazione 4208)", ""},
	{EnrolmentComuneMissing, Error, "l'iscrizione in una lista indica il comune", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN489"},
	{EnrolmentSectionMissing, Error, "l'iscrizione in una lista indica il numero della sezione", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN489"},
	{EnrolmentSectionTooLong, Error, "il numero della sezione ha al massimo 200 caratteri", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{EnrolmentComuneUnknown, Error, "il comune di iscrizione esiste", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{SectionUnknown, Error, "la sezione di iscrizione esiste nel comune", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN557"},
	{SectionNumberAboveCount, Warning, "il numero della sezione non supera le sezioni del comune", "numero delle sezioni alle elezioni europee del 2024", ""},
	{GeneralNotItalian, Error, "la lista generale è dei cittadini italiani", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{GeneralOtherComune, Warning, "la lista generale è del comune di residenza o di iscrizione AIRE, salvo il tempo della revisione", "D.P.R. 20 marzo 1967, n. 223", ""},
	{CitizenshipUnknown, Warning, "la cittadinanza non risulta dall'anagrafe", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{AddedWithoutEnrolment, Error, "in caso di «si» alla lista aggiunta sono inseriti il comune e la sezione", "D.M. 17 ottobre 2022, all. 1, punto 3", ""},
	{EnrolmentWithoutAdded, Error, "comune e sezione di una lista aggiunta si indicano solo se l'iscrizione è «si»", "prassi ANPR (segnalazione 4208)", ""},
	{AddedMoreThanOne, Error, "una sola lista aggiunta regionale/comunale può essere «si»", "prassi ANPR (errore EN562)", "EN562"},
	{AddedNotItalian, Error, "le liste aggiunte regionali/comunali sono dei cittadini italiani", "D.M. 17 ottobre 2022, all. 1, punto 3", ""},
	{AddedSameComune, Error, "la lista aggiunta è tenuta da un comune diverso da quello di residenza", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{AddedOtherProvince, Error, "la residenza è nella provincia della lista aggiunta", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{AddedTermOver, Error, "chi ha compiuto il periodo di residenza richiesto lascia la lista aggiunta", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{AddedTermNotCheckable, Warning, "il periodo di residenza si conta alla pubblicazione del manifesto di convocazione", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{AddedComuneInTerritory, Warning, "la lista aggiunta è tenuta dal comune di emigrazione, fuori dal territorio", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{AddedRegionalStatus, Warning, "chi è in una lista aggiunta vota alle regionali nel comune di quella lista", "D.P.R. n. 50 del 1973, artt. 3 e 5; d.lgs. n. 320 del 1994, art. 5", ""},
	{EUWithoutEnrolment, Error, "in caso di «si» alla lista aggiunta UE sono inseriti il comune e la sezione di quella lista", "D.M. 17 ottobre 2022, all. 1, punto 4", ""},
	{EnrolmentWithoutEU, Error, "comune e sezione di una lista aggiunta UE si indicano solo se l'iscrizione in quella lista è «si»", "prassi ANPR (segnalazione 4208)", ""},
	{EUWithGeneral, Error, "la lista generale e le liste aggiunte UE si escludono", "prassi ANPR (segnalazioni 4019 e 4223)", "EN563"},
	{EUWithAdded, Error, "le liste aggiunte regionali/comunali e quelle UE si escludono", "D.M. 17 ottobre 2022, all. 1, punto 3", ""},
	{EUItalian, Error, "le liste aggiunte UE non sono dei cittadini italiani", "D.M. 17 ottobre 2022, all. 1, punto 4", "EN565"},
	{EUNotMember, Error, "le liste aggiunte UE sono dei cittadini di altro Stato membro dell'Unione europea", "D.M. 17 ottobre 2022, all. 1, punto 4", ""},
	{EUDifferentComuni, Warning, "le due liste aggiunte UE sono del comune di residenza", "d.lgs. 12 aprile 1996, n. 197, art. 1; prassi ANPR (segnalazione 4208)", ""},
	{EUOtherComune, Warning, "le liste aggiunte UE sono del comune di residenza", "d.lgs. 12 aprile 1996, n. 197, art. 1; prassi ANPR (segnalazione 4208)", ""},
	{EUNotResident, Error, "il cittadino di altro Stato UE iscritto in una lista aggiunta risiede in Italia", "d.lgs. 12 aprile 1996, n. 197, art. 1; prassi ANPR (segnalazione 4208)", ""},
	{EUNationalStatus, Error, "il cittadino di altro Stato UE non è elettore per referendum nazionali, Senato, Camera e regionali", "D.M. 17 ottobre 2022, all. 1, punti 4 e 5; prassi ANPR (segnalazione 4208)", ""},
	{EUParliamentStatus, Error, "per il cittadino di altro Stato UE lo status per il Parlamento europeo segue l'iscrizione nella lista aggiunta", "D.L. 24 giugno 1994, n. 408, art. 2; prassi ANPR (segnalazione 4208)", ""},
	{EUComunalStatus, Error, "per il cittadino di altro Stato UE lo status per le comunali e circoscrizionali segue l'iscrizione nella lista aggiunta", "d.lgs. 12 aprile 1996, n. 197, art. 1; prassi ANPR (segnalazione 4208)", ""},
	{StatusNotGiven, Warning, "lo status per ogni consultazione è indicato con «si» o «no»", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{StatusNotGivenForANPR, Error, "ANPR accetta solo S o N per ciascuna delle sette consultazioni: un campo non indicato non si scrive", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{ConstituencyMissing, Error, "la circoscrizione è indicata ove lo status per Senato o Camera è «si»", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{ConstituencyNotDue, Warning, "la circoscrizione si indica solo ove lo status è «si»", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{ConstituencyUnknown, Error, "la circoscrizione è una di quelle di legge o una ripartizione della circoscrizione Estero", "D.M. 17 ottobre 2022, all. 1, punto 5", "EN562"},
	{ConstituencyNotExact, Error, "la circoscrizione è scritta come nelle tabelle del Ministero, in maiuscolo", "prassi ANPR (segnalazione 4050)", "EN562"},
	{ConstituencyOtherComune, Error, "la circoscrizione è quella del comune di iscrizione", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", "EN562"},
	{ConstituencyNotCheckable, Warning, "nessuna tabella dice la circoscrizione di questo comune", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", ""},
	{AbroadConstituencyForResident, Error, "la ripartizione estera è di chi risiede all'estero", "legge n. 459 del 2001, art. 6", ""},
	{NationalConstituencyForAbroad, Error, "chi risiede all'estero vota in una ripartizione della circoscrizione Estero", "legge n. 459 del 2001, art. 6", ""},
	{AbroadDivisionOtherState, Error, "la ripartizione è quella dello Stato di residenza", "legge n. 459 del 2001, art. 6", ""},
	{AbroadDivisionNotCheckable, Warning, "nessuna tabella dice la ripartizione dello Stato di residenza", "legge n. 459 del 2001, art. 6", ""},
	{ConstituenciesDisagree, Error, "Senato e Camera sono entrambi nel territorio nazionale o nella stessa ripartizione estera", "legge n. 459 del 2001, art. 6", ""},
	{SectionLacksEuropean, Error, "ove lo status per il Parlamento europeo è «si» la sezione indica la circoscrizione", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{SectionLacksRegional, Error, "ove lo status per le regionali è «si» la sezione indica la circoscrizione", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{SectionLacksCollege, Error, "ove lo status per Senato o Camera è «si» la sezione indica i collegi", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{SectionLacksDistrict, Warning, "ove lo status per le circoscrizionali è «si» la sezione indica la circoscrizione", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{SectionOtherConstituency, Error, "il collegio della sezione sta nella circoscrizione dell'elettore", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", ""},
	{DistrictInSmallComune, Warning, "solo i comuni con più di 250.000 abitanti possono avere circoscrizioni di decentramento", "legge n. 191 del 2009, art. 2 c. 186 lett. b)", ""},
	{StatusUnusual, Warning, "l'elettore italiano residente, fuori dalle liste aggiunte, vota di norma a tutte le consultazioni", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{StatusWithoutList, Warning, "chi è elettore per una consultazione è in una lista, salvo il passaggio da un comune a un altro", "D.M. 17 ottobre 2022, all. 1, punto 5", ""},
	{CertifiabilityUnknown, Error, "la certificabilità è 0, 1 o 2", "prassi ANPR (segnalazione 3992)", "EN489"},
	{CertifiabilityWithoutCapacity, Warning, "a chi non è elettore non si rilasciano certificati", "prassi ANPR (segnalazione 3992)", ""},
	{SectionComuneMissing, Error, "la sezione indica il suo comune", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN489"},
	{SectionComuneUnknown, Error, "il comune della sezione esiste", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{SectionNumberMissing, Error, "la sezione ha un numero", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{SectionNumberTooLong, Error, "il numero della sezione ha al massimo 200 caratteri", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{SeatNameMissing, Error, "la sede della sezione ha una denominazione", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN489"},
	{SeatNameTooLong, Error, "la denominazione della sede ha al massimo 200 caratteri", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{SeatPostCode, Error, "il CAP della sede è di cinque cifre", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{SeatStreetMissing, Error, "l'indirizzo della sede indica il toponimo", "D.M. 17 ottobre 2022, all. 1, punto 2", ""},
	{SeatComuneMissing, Error, "l'indirizzo della sede indica il comune", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN489"},
	{SeatOtherComune, Error, "il comune dell'indirizzo della sede è quello della sezione", "prassi ANPR (segnalazione 4157)", "EN378"},
	{EuropeanUnknown, Error, "la circoscrizione per il Parlamento europeo è una delle cinque di legge", "legge n. 18 del 1979, tabella A", "EN562"},
	{EuropeanOtherComune, Error, "la circoscrizione per il Parlamento europeo è quella della regione del comune", "legge n. 18 del 1979, tabella A", "EN562"},
	{EuropeanNotCheckable, Warning, "nessuna tabella dice la circoscrizione europea di questo comune", "legge n. 18 del 1979, tabella A", ""},
	{CollegeMissing, Error, "la sezione indica i collegi per la Camera e per il Senato", "D.M. 17 ottobre 2022, all. 1, punto 5", "EN489"},
	{CollegeUnknown, Error, "il collegio è uno di quelli di legge", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", "EN562"},
	{CollegeOtherComune, Error, "il collegio è uno di quelli del comune", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", "EN562"},
	{CollegeNotCheckable, Warning, "nessuna tabella dice i collegi di questo comune", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", ""},
	{CollegeMultiMemberMissing, Error, "il collegio plurinominale è indicato, salvo dove la legge non ne prevede", "collegi e circoscrizioni per Camera e Senato (d.lgs. n. 177 del 2020)", "EN562"},
	{CollegeNotExact, Error, "il collegio è scritto come nelle tabelle del Ministero: CIRCOSCRIZIONE | Pnn | Unn", "prassi ANPR (segnalazione 4050)", "EN562"},
	{RegionalMissing, Error, "la sezione indica la circoscrizione per le elezioni regionali", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{RegionalOtherComune, Error, "la circoscrizione regionale è quella del comune", "circoscrizioni delle leggi elettorali regionali", "EN562"},
	{RegionalNotCheckable, Warning, "la circoscrizione regionale non si può controllare su una tabella certa", "circoscrizioni delle leggi elettorali regionali", ""},
	{FieldTooLong, Error, "il testo ha al massimo 200 caratteri", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{DistrictComuneSmall, Warning, "solo i comuni con più di 250.000 abitanti possono avere circoscrizioni di decentramento", "legge n. 191 del 2009, art. 2 c. 186 lett. b)", ""},
	{TranslationLanguage, Error, "la lingua della traduzione è un codice di 1-9 cifre", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{TranslationNameMissing, Error, "la denominazione tradotta della sede è indicata", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", "EN489"},
	{TranslationNotInForce, Warning, "nel comune è in vigore un'altra lingua oltre all'italiana", "comuni in cui è in vigore il multilinguismo", ""},
	{NotCompetent, Error, "solo l'ufficiale elettorale del comune della lista scrive", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 1", "EN204"},
	{LevelTooLow, Error, "l'accesso richiede credenziali di livello almeno 2", "D.M. 17 ottobre 2022, art. 3 c. 3 e art. 4 c. 4", ""},
	{RequestIDMissing, Error, "ogni richiesta ha un identificativo di 1-64 caratteri stampabili", "D.M. 17 ottobre 2022, all. 2, ulteriori specifiche tecniche, punto 1", ""},
	{ActorUnknown, Error, "il codice fiscale di chi accede e la modalità di autenticazione sono noti", "D.M. 17 ottobre 2022, all. 2, ulteriori specifiche tecniche, punto 1", ""},
	{OtherPerson, Error, "il cittadino accede solo alla propria posizione", "D.M. 17 ottobre 2022, art. 4 c. 2", ""},
	{PersonUnknown, Error, "il soggetto è iscritto in ANPR", "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 1", "EN413"},
	{ElectorUnknown, Error, "i dati elettorali del soggetto sono registrati", "D.M. 17 ottobre 2022, all. 1", ""},
	{AlreadyEnrolled, Error, "il soggetto è già registrato: in un altro comune va prima cancellato, nello stesso si modifica", "prassi ANPR (segnalazioni 4009, 4136, 4800 e 5288)", "EN560"},
	{SectionNotFound, Error, "la sezione è registrata", "D.M. 17 ottobre 2022, all. 1, punto 2", "EN557"},
	{OtherComuneLoad, Error, "il primo caricamento riguarda il solo comune dell'ufficiale elettorale", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 1", "EN204"},
	{DuplicateElector, Error, "un soggetto compare una volta sola nel primo caricamento", "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)", "EN556"},
	{DuplicateSection, Error, "una sezione compare una volta sola nel primo caricamento", "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)", ""},
	{CountMismatch, Error, "il totale dichiarato è quello degli elementi presenti", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)", ""},
	{LoadIncomplete, Error, "il file è stato letto fino in fondo", "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)", ""},
	{SectionReplaced, Warning, "la sezione era già registrata: i suoi dati sono sostituiti", "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)", ""},
	{ExtractionList, Error, "l'estrazione indica una lista dell'allegato 1", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{ExtractionVote, Error, "la consultazione è indicata con il suo giorno", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{ExtractionPurpose, Error, "l'estrazione indica la legge e la funzione per cui serve", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{RequestIDReused, Error, "l'identificativo di una richiesta non si usa per un'altra", "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)", ""},
	{RequestIDOld, Error, "gli identificativi numerici di un comune crescono", "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)", ""},
	{AccessTextUnfit, Error, "ciò che si registra di un accesso sta nel registro degli accessi", "D.M. 17 ottobre 2022, all. 3, punto 3", ""},
	{RevisionUnknown, Error, "il tipo di revisione è uno di quelli di ANPR", "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolario5000mutazione.xsd)", "EN489"},
	{RemovalNotHere, Error, "una cancellazione si chiede con il suo motivo, non con una modifica", "schemi ANPR V9.2.7 (tipoListaCancellazione)", ""},
	{RemovalReasonUnknown, Error, "il motivo della cancellazione è 1, 2, 3, 4, 5, 8 o 9", "prassi ANPR (segnalazioni 4096, 4346 e 4985)", "EN489"},
	{RemovalList, Error, "la cancellazione riguarda una lista in cui il soggetto è iscritto", "prassi ANPR (segnalazioni 3738 e 4985)", ""},
	{RemovalReasonOfList, Error, "il motivo 5 è delle liste aggiunte, gli altri della lista generale", "prassi ANPR (segnalazioni 4096 e 4985)", ""},
	{RemovalStillVotes, Error, "tipo e data della consultazione si indicano insieme, solo per chi è cancellato dalla lista generale e vi vota ancora", "schemi ANPR V9.2.7 (tipoListaCancellazione)", ""},
	{RemovalNoteTooLong, Error, "le note della cancellazione hanno al massimo 240 caratteri", "schemi ANPR V9.2.7 (tipoNote)", "EN489"},
	{RemovalAlive, Warning, "si cancella per decesso chi risulta deceduto", "prassi ANPR (segnalazioni 4096 e 4346)", ""},
	{CapacityUnchanged, Error, "la capacità cambia rispetto a quella registrata", "D.M. 17 ottobre 2022, all. 1, punto 1", ""},
	{QueryField, Error, "la condizione riguarda un campo dell'allegato 1", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{QueryValue, Error, "la condizione confronta con valori che il campo può avere", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{QueryContradiction, Error, "le condizioni si possono avverare insieme", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{QueryInterval, Error, "l'intervallo finisce dopo il suo inizio", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{QueryOperation, Error, "il tipo di operazione è uno di quelli registrati", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{QueryPaging, Error, "la pagina ha una dimensione ammessa e comincia dopo un identificativo", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
	{ConflictUnknown, Error, "il conflitto è registrato per il comune", "prassi ANPR (segnalazioni 4009, 4136 e 5288)", ""},
	{ConflictStep, Error, "l'azione è ammessa nello stato del conflitto e per quella parte", "prassi ANPR (segnalazioni 4009, 4136 e 5288)", ""},
	{NoteMissing, Error, "la nota è indicata e ha al massimo 2.000 caratteri", "schemi ANPR V9.2.7 (tipoCriteriRicercaP003: note)", ""},
	{RectificationUnknown, Error, "la richiesta di rettifica è registrata", "D.M. 17 ottobre 2022, art. 4 c. 1", ""},
	{RectificationField, Error, "la rettifica riguarda un campo dell'allegato 1", "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 2", ""},
	{RectificationValue, Error, "il valore chiesto è diverso da quello presente e ammesso per il campo", "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 2", ""},
	{RectificationAction, Error, "l'azione è ammessa nello stato della richiesta e per chi la compie", "prassi ANPR (segnalazione 3332, tabella 53)", ""},
	{RectificationNotDone, Error, "una richiesta si chiude come evasa quando il dato ha il valore chiesto", "D.M. 17 ottobre 2022, art. 4 c. 1", ""},
	{ApplicationUnknown, Error, "la domanda è registrata", "D.M. 17 ottobre 2022, art. 4 c. 3", ""},
	{ApplicationList, Error, "la domanda riguarda una lista aggiunta UE", "D.M. 17 ottobre 2022, art. 4 c. 3", ""},
	{ApplicationIncomplete, Error, "la domanda contiene quanto la legge chiede", "d.lgs. 12 aprile 1996, n. 197, art. 1; D.L. 24 giugno 1994, n. 408, art. 2", ""},
	{ApplicationNotEntitled, Error, "la domanda è del cittadino di altro Stato membro residente in Italia", "D.M. 17 ottobre 2022, art. 4 c. 3", ""},
	{ApplicationTwice, Error, "per una lista c'è una sola domanda aperta, di chi non vi è già", "D.M. 17 ottobre 2022, art. 4 c. 3", ""},
	{ApplicationLate, Error, "la domanda vale per una consultazione se presentata entro il termine", "d.lgs. 12 aprile 1996, n. 197, art. 1 (quinto giorno dall'affissione del manifesto); D.L. 24 giugno 1994, n. 408, art. 2 (novantesimo giorno prima del voto)", ""},
	{ApplicationAction, Error, "l'azione è ammessa nello stato della domanda e per chi la compie", "prassi ANPR (segnalazione 3332, tabella 53)", ""},
	{ApplicationCapacity, Warning, "chi risultava senza capacità elettorale la riacquista con l'iscrizione solo se non l'ha persa", "D.M. 17 ottobre 2022, allegato 1, A; D.P.R. 20 marzo 1967, n. 223, art. 2", ""},
	{LoadUnknown, Error, "il primo caricamento è registrato per il comune", "D.M. 17 ottobre 2022, art. 7 c. 1", ""},
	{LoadState, Error, "l'operazione è ammessa nello stato del primo caricamento", "D.M. 17 ottobre 2022, art. 7 c. 1", ""},
	{LoadOptionsDisagree, Error, "le opzioni del primo caricamento vanno insieme", "D.M. 17 ottobre 2022, art. 7 c. 1", ""},
	{LoadKept, Warning, "l'annullamento del primo caricamento lascia chi è stato modificato dopo", "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4095 e 4220)", ""},
	{ExtractionScope, Error, "l'estrazione indica una lista, oppure chi compie 18 anni, oppure chi è stato modificato in un intervallo", "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3", ""},
}

// Rules returns every rule, in a stable order.
func Rules() []Rule { return slices.Clone(catalogue) }

// RuleOf returns the rule of a code.
func RuleOf(c Code) (Rule, bool) {
	i := slices.IndexFunc(catalogue, func(r Rule) bool { return r.Code == c })
	if i < 0 {
		return Rule{}, false
	}
	return catalogue[i], true
}
