package main

import (
	"net/http"
	"slices"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
)

// A use is one access to the citizen's data, in words for him.
type use struct {
	At, Who, What, Outcome, ID string
}

const maxUses = 500 // on one page, the latest

// An accessesPage shows others' accesses first, and his own apart.
type accessesPage struct {
	Others, Own         []use
	OwnCount            int
	MoreOthers, MoreOwn int
}

// accesses shows the citizen who used his data. His own question is on record
// before the page is shown, and appears in the list.
func (st *site) accesses(w http.ResponseWriter, r *http.Request, v *visitor) {
	req := v.request()
	access := electoral.NewAccess(req, electoral.OpReadAccesses, st.now())
	access.Subject = v.Person
	home, err := st.registry.Home(r.Context(), v.Person)
	if err != nil {
		st.failed(w, r, "accesses", err)
		return
	}
	access.Comune = home
	var found []electoral.Access
	p := electoral.Passage{Recorder: st.recorder, Access: access, ReadOnly: true,
		Refused: electoral.Faults(electoral.Admit(req)).Err()}
	err = p.Do(r.Context(), func(on *electoral.Entry) error {
		var err error
		found, err = st.about(r, v)
		return err
	})
	if err != nil {
		st.answer(w, r, st.say(r, "accesses.failed"), "accesses", err)
		return
	}
	found = withoutSteps(found)
	slices.Reverse(found)
	var page accessesPage
	for _, a := range found {
		if u := st.useOf(a, v); a.FiscalCode == v.Actor.FiscalCode {
			page.Own = append(page.Own, u)
		} else {
			page.Others = append(page.Others, u)
		}
	}
	page.OwnCount = len(page.Own)
	page.Others, page.MoreOthers = latest(page.Others)
	page.Own, page.MoreOwn = latest(page.Own)
	st.frame.Show(w, r, http.StatusOK, "accesses", st.inArea(r, "accesses.title"), page)
}

// latest returns the first maxUses, and how many others there are.
func latest(list []use) ([]use, int) {
	return list[:min(len(list), maxUses)], max(0, len(list)-maxUses)
}

// about finds the accesses to the citizen's data and to his certificates.
func (st *site) about(r *http.Request, v *visitor) ([]electoral.Access, error) {
	subjects := []string{v.Person}
	list, err := st.issuer.Mine(r.Context(), v.request())
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		subjects = append(subjects, certificate.CertificateSubject(a.ID))
	}
	return st.recorder.About(r.Context(), st.logStore, subjects...)
}

// withoutSteps keeps the first opening of each verification, and leaves out its
// later steps: the document, and reloading it.
func withoutSteps(list []electoral.Access) []electoral.Access {
	type service struct{ code, comune, id string }
	of := func(a electoral.Access) service { return service{string(a.FiscalCode), a.Comune, a.RequestID} }
	opened := map[service]bool{}
	return slices.DeleteFunc(list, func(a electoral.Access) bool {
		again := a.Operation == electoral.OpVerifyCertificate && opened[of(a)]
		opened[of(a)] = opened[of(a)] || a.Operation == electoral.OpVerifyCertificate
		return again
	})
}

// useOf puts an access into words. An officer is shown as the office of his
// comune; the log holds the person, for those who must answer for the access.
func (st *site) useOf(a electoral.Access, v *visitor) use {
	comune := a.ActorComune
	if a.Role == "" { // an earlier version wrote it, in the chain of the asker's comune
		comune = a.Comune
	}
	u := use{At: st.instant(a.At), ID: a.RequestID, What: operationName(a), Outcome: outcomeName(a.Outcome)}
	switch {
	case a.FiscalCode == v.Actor.FiscalCode:
		u.Who = "La persona stessa (" + methodName(a.Method) + ")"
	case a.FiscalCode == electoral.AnonymousReader:
		u.Who = "Chi ha in mano una copia del certificato"
	case comune != "" && a.Role != electoral.CitizenRole:
		u.Who = "Ufficio elettorale del comune " + comune
		if c, ok := st.tables.Comune(comune, dateOf(a.At)); ok {
			u.Who = "Ufficio elettorale del comune di " + c.Name
		}
	default:
		u.Who = "Un'altra persona, che si è identificata"
	}
	return u
}

func methodName(m electoral.Method) string {
	return map[electoral.Method]string{
		electoral.SPIDMethod: "SPID", electoral.CIEMethod: "CIE", electoral.CNSMethod: "CNS",
		electoral.SmartCardMethod: "smart card",
	}[m]
}

func outcomeName(o string) string {
	switch o {
	case electoral.Granted:
		return "eseguita"
	case electoral.Requested:
		return "richiesta, senza esito registrato"
	case electoral.Failed:
		return "non riuscita"
	case electoral.Unknown:
		return "esito non noto"
	case electoral.Repeated:
		return "eseguita (ripetizione di una richiesta)"
	}
	return "rifiutata (" + o + ")"
}

func operationName(a electoral.Access) string {
	o := a.Operation
	if own := map[electoral.Operation]string{
		electoral.OpAnswerRectify:     "Ritiro, invio o completamento di una richiesta di correzione",
		electoral.OpDecideApplication: "Ritiro, invio o completamento di una domanda",
		electoral.OpApply:             "Presentazione di una domanda"}[o]; own != "" && a.Role == electoral.CitizenRole {
		return own
	}
	if name := map[electoral.Operation]string{
		electoral.OpEnrol: "Iscrizione in una lista", electoral.OpChange: "Modifica dei dati elettorali",
		electoral.OpReadElector:        "Consultazione dei dati elettorali",
		electoral.OpReadForCertificate: "Lettura dei dati per un certificato",
		electoral.OpRemove:             "Cancellazione da una lista", electoral.OpAnnul: "Annullamento di una lista",
		electoral.OpLoseCapacity:    "Perdita della capacità elettorale",
		electoral.OpRecoverCapacity: "Riacquisto della capacità elettorale",
		electoral.OpCertifiability:  "Modifica della certificabilità", electoral.OpRectify: "Richiesta di rettifica",
		electoral.OpReadRectifications: "Lettura delle richieste di rettifica",
		electoral.OpAnswerRectify:      "Risposta a una richiesta di rettifica",
		electoral.OpApply:              "Domanda di iscrizione", electoral.OpReadApplications: "Lettura delle domande",
		electoral.OpDecideApplication:   "Decisione su una domanda",
		electoral.OpPreviewCertificate:  "Anteprima di un certificato",
		electoral.OpIssueCertificate:    "Rilascio di un certificato",
		electoral.OpDownloadCertificate: "Scaricamento di un certificato",
		electoral.OpListCertificates:    "Elenco dei certificati",
		electoral.OpVerifyCertificate:   "Verifica di un certificato tramite il codice QR",
		electoral.OpReadAccesses:        "Consultazione di questo elenco",
		electoral.OpRecordChoice:        "Registrazione di una scelta sul modo di votare",
		electoral.OpWithdrawChoice:      "Ritiro di una scelta sul modo di votare",
		electoral.OpReadChoices:         "Lettura delle scelte sul modo di votare",
		electoral.OpMergeIDs:            "Unione di due identificativi della stessa persona",
		electoral.OpSucceed:             "Successione di comuni",
		electoral.OpConfirmSuccession:   "Conferma di un passaggio di territorio",
		electoral.OpWithdrawSuccession:  "Ritiro di un passaggio di territorio",
		electoral.OpUndoSuccession:      "Annullamento di una successione di comuni",
		electoral.OpReadSuccessions:     "Lettura delle successioni di comuni",
		electoral.OpLowerRequestID:      "Correzione dell'ultimo numero di richiesta del comune",
		electoral.OpOpenRevision:        "Apertura di una revisione delle liste",
		electoral.OpProposeRevision:     "Proposte di una revisione delle liste",
		electoral.OpReadRevision:        "Lettura di una revisione delle liste",
		electoral.OpDecideLines:         "Decisioni in una revisione delle liste",
		electoral.OpAddLine:             "Aggiunta a una revisione delle liste",
		electoral.OpApplyRevision:       "Esecuzione di una revisione delle liste",
		electoral.OpCloseRevision:       "Chiusura di una revisione delle liste",
		electoral.OpRevisionMinute:      "Verbale di una revisione delle liste",
		electoral.OpListSections:        "Elenco delle sezioni",
		electoral.OpDeleteSection:       "Cancellazione di una sezione",
		electoral.OpRenumberSection:     "Rinumerazione di una sezione",
		electoral.OpRedraw:              "Revisione delle sezioni",
		electoral.OpMoveElectors:        "Spostamento di elettori in un'altra sezione",
		electoral.OpLogIn:               "Accesso all’area riservata",
		electoral.OpLogOut:              "Uscita dall’area riservata",
		electoral.OpStepUp:              "Conferma dell’identità",
		electoral.OpEndSessions:         "Chiusura di un accesso aperto",
		electoral.OpDeliver:             "Invio di un certificato",
		electoral.OpSpreadAbroad:        "Proposta di assegnazione dei residenti all'estero alle sezioni",
	}[o]; name != "" {
		return name
	}
	return string(o)
}
