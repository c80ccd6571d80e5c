package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/audit"
)

// The checks of an access log, in addition to [CodeStructure].
const (
	CodeChain      Code = "chain"      // each record follows the one before
	CodeTree       Code = "tree"       // the records are those of the tree over all chains
	CodeCheckpoint Code = "checkpoint" // the tree is the one that was signed
	CodeAnchor     Code = "anchor"     // what was signed is known to others, with its time
)

// Log judges an access log (D.M. 17 October 2022, annex 2): the folder audit/,
// with a file for each chain and nothing else. It is valid if structure and
// chain passed. Its chains' ends are in the evidence of the chain check.
//
// Of a log without a checkpoint it cannot be seen whether whole records are
// missing at the end of a chain, or a whole chain, or whether somebody has
// computed all of it anew: the report says so.
//
// The error says why the log could not be read to the end; then the report is
// not valid. Memory grows with the number of chains, not of records.
func (v *Verifier) Log(ctx context.Context, fsys fs.FS) (Report, error) {
	found, err := audit.VerifyFS(ctx, fsys)
	return v.log(found, true, err)
}

// LogFile judges one exported chain as Log judges a folder.
func (v *Verifier) LogFile(ctx context.Context, r io.Reader) (Report, error) {
	chain, err := audit.VerifyFile(ctx, r)
	return v.log(audit.Report{Chains: []audit.ChainReport{chain}}, false, err)
}

func (v *Verifier) log(found audit.Report, folder bool, err error) (Report, error) {
	r := Report{Kind: KindLog, At: v.made().cfg.Now()}
	structure := logStructure(found, folder, err)
	r.Checks = []Check{structure, logChain(found, structure.Outcome == Passed)}
	for _, c := range []struct {
		code Code
		why  string
	}{
		{CodeTree, "il registro non ha un albero sopra le catene; che manchi una catena intera non si può vedere"},
		{CodeCheckpoint, "il registro non ha un punto di controllo firmato; senza, non si può vedere se alla fine di " +
			"una catena mancano registrazioni intere, se manca una catena intera o se una catena è stata ricalcolata " +
			"per intero"},
		{CodeAnchor, "il registro non è ancorato né a un testimone né a una marca temporale; le date sono quelle " +
			"dell'orologio di chi lo ha scritto"},
	} {
		r.Checks = append(r.Checks, Check{Code: c.code, Outcome: NotDone, Message: "Non verificato: " + c.why + "."})
	}
	r.conclude(CodeStructure, CodeChain)
	return r, err
}

// The most faults that a message, and the evidence, spell out.
const (
	logFaultsTold     = 5
	logFaultsEvidence = 100
)

func logStructure(found audit.Report, folder bool, err error) Check {
	c := Check{Code: CodeStructure, Outcome: Failed}
	n, faults, total := logFaults(found, true, folder)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.Message = "La verifica è stata interrotta prima della fine."
	case err != nil:
		c.Message = "Il registro non si può leggere fino in fondo: " + clean(err.Error()) + "."
	case total > 0:
		c.Message = faults
	default:
		c.Outcome = Passed
		c.Message = fmt.Sprintf("Il registro è ben formato: %s, %s.", count(len(found.Chains), "catena", "catene"),
			count(int(n), "registrazione", "registrazioni"))
	}
	if err != nil {
		c.Evidence = append(c.Evidence, err.Error())
	}
	c.Evidence = append(c.Evidence, logEvidence(found, true)...)
	return c
}

func logChain(found audit.Report, whole bool) Check {
	c := Check{Code: CodeChain, Outcome: Failed, Evidence: logEvidence(found, false)}
	n, faults, total := logFaults(found, false, true)
	switch {
	case total > 0:
		c.Message = faults
		return c
	case !whole && n == 0:
		c.Outcome, c.Message = NotDone, "Non verificato: nessuna registrazione si può leggere."
	case !whole:
		c.Outcome = NotDone
		c.Message = fmt.Sprintf("Non verificato per intero: le registrazioni che si possono leggere (%d) sono "+
			"concatenate.", n)
	default:
		c.Outcome = Passed
		c.Message = "Ogni registrazione segue la precedente e corrisponde alla propria impronta." + logClock(found)
	}
	for i, chain := range found.Chains {
		if i == logFaultsEvidence {
			c.Evidence = append(c.Evidence, fmt.Sprintf("and %d chains more", len(found.Chains)-i))
			break
		}
		c.Evidence = append(c.Evidence, fmt.Sprintf("%s: %d records, %s to %s, head %s", clean(chain.Chain),
			chain.Records,
			chain.FirstTime.UTC().Format(time.RFC3339), chain.LastTime.UTC().Format(time.RFC3339), chain.Head.Hash))
	}
	return c
}

// logClock reports clocks that went back: not a fault, but worth a look.
func logClock(found audit.Report) string {
	n := uint64(0)
	for _, c := range found.Chains {
		n += c.ClockBack
	}
	switch n {
	case 0:
		return ""
	case 1:
		return " Una registrazione porta un'ora precedente a quella che la precede: l'ordine è quello dei numeri."
	}
	return fmt.Sprintf(" %d registrazioni portano un'ora precedente a quella che le precede: l'ordine è quello dei "+
		"numeri.", n)
}

// logFaults spells out the faults of the bytes, or those of the chains, and
// counts the records and the faults.
func logFaults(found audit.Report, structural, folder bool) (records uint64, told string, total uint64) {
	var texts []string
	for _, f := range found.AllFaults() {
		if f.Code.Structural() == structural && len(texts) < logFaultsTold {
			texts = append(texts, logFault(f, folder))
		}
	}
	if structural {
		total = uint64(len(found.Faults))
	}
	for _, c := range found.Chains {
		records += c.Records
		if structural {
			total += c.StructuralCount
		} else {
			total += c.FaultCount - c.StructuralCount
		}
	}
	told = strings.Join(texts, " ")
	if told == "" && total > 0 { // they come after those that a report lists
		told = "Gli errori sono dopo i primi elencati."
	}
	switch more := total - uint64(len(texts)); {
	case more == 1:
		told += " C'è un altro errore."
	case more > 1:
		told += fmt.Sprintf(" Ci sono altri %d errori.", more)
	}
	return records, strings.TrimSpace(told), total
}

func logEvidence(found audit.Report, structural bool) []string {
	var out []string
	for _, f := range found.AllFaults() {
		if f.Code.Structural() == structural && len(out) < logFaultsEvidence {
			out = append(out, f.Error())
		}
	}
	return out
}

// logFault says in Italian what is wrong, and where.
func logFault(f audit.Fault, folder bool) string {
	record := fmt.Sprintf("registrazione %d", f.Seq)
	switch {
	case f.File != "":
		record = fmt.Sprintf("file «%s», registrazione %d (byte %d)", clean(f.File), f.Seq, f.Offset)
	case f.Chain != "":
		record = fmt.Sprintf("catena %s, registrazione %d (byte %d)", clean(f.Chain), f.Seq, f.Offset)
	}
	file := "Il file"
	if f.File != "" {
		file = fmt.Sprintf("Il file «%s»", clean(f.File))
	}
	switch f.Code {
	case audit.NoChains:
		return "La cartella non contiene il file di alcuna catena."
	case audit.UnknownFile:
		return fmt.Sprintf("Nella cartella c'è «%s», che non è il file di una catena.", clean(f.File))
	case audit.EmptyChain:
		return file + " non contiene registrazioni."
	case audit.TornTail:
		return fmt.Sprintf("%s finisce a metà di una registrazione, al byte %d: l'ultima scrittura è stata "+
			"interrotta, o la fine è stata tolta.", file, f.Offset)
	case audit.WrongPlace:
		return fmt.Sprintf("%s non contiene la catena che dovrebbe, o non soltanto quella (registrazione %d).", file,
			f.Seq)
	case audit.Malformed:
		if f.Offset == 0 {
			if !folder && f.Chain == "" {
				return file + " non è una catena del registro, o la sua intestazione è danneggiata."
			}
			return file + " non ha l'intestazione di una catena del registro, o essa è danneggiata."
		}
		return fmt.Sprintf("I byte non sono nel formato del registro: %s.", record)
	case audit.UnknownRecord:
		return fmt.Sprintf("Una versione successiva del programma ha scritto ciò che segue, che questa non conosce: %s.", record)
	case audit.BadPayload:
		return fmt.Sprintf("Il contenuto non è nel formato del registro: %s.", record)
	case audit.WrongHash:
		return fmt.Sprintf("Il contenuto non corrisponde alla sua impronta: %s.", record)
	case audit.BrokenLink:
		return fmt.Sprintf("Il concatenamento è interrotto: l'impronta della registrazione precedente non è quella "+
			"attesa: %s.", record)
	case audit.WrongSequence:
		return fmt.Sprintf("Mancano registrazioni, o sono ripetute o fuori ordine: %s.", record)
	case audit.WrongClock:
		return fmt.Sprintf("Il segno dell'orologio tornato indietro non corrisponde alle ore: %s.", record)
	case audit.NoPayload:
		return fmt.Sprintf("Il contenuto è stato cancellato, e nulla dice con quale diritto: %s.", record)
	}
	return fmt.Sprintf("Errore %s: %s.", clean(string(f.Code)), record)
}
