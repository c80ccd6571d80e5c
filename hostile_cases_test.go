package anpr_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
	"github.com/liste-elettorali/anpr/electoral/rules"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/verify"
)

// TestHostileCallers holds each call with nil or a zero value to what it says.
func TestHostileCallers(t *testing.T) {
	italian := electoral.Person{Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}}}
	today := electoral.Date{Year: 2026, Month: 11, Day: 30}
	for name, c := range map[string]struct {
		call func(ctx context.Context) any
		says string
	}{
		"zero memory store": {func(ctx context.Context) any {
			var m memory.Store
			return m.Update(ctx, func(w registry.Writer) error { return w.PutElector(ctx, "E388", electoral.Elector{ANPRID: "1"}) })
		}, "<nil>"},
		"memory store, nil function": {func(ctx context.Context) any { return new(memory.Store).View(ctx, nil) },
			"memory: the function is nil"},
		"zero SQL store, view": {func(ctx context.Context) any {
			return new(sqlstore.Store).View(ctx, func(registry.Reader) error { return nil })
		}, "sqlstore: the database is not open"},
		"zero SQL store, update": {func(ctx context.Context) any {
			return new(sqlstore.DB).Store().Update(ctx, func(registry.Writer) error { return nil })
		}, "sqlstore: the database is not open"},
		"zero SQL population": {func(ctx context.Context) any {
			_, err := new(sqlstore.Population).Put(ctx, func(func(electoral.Person, error) bool) {})
			return err
		}, "sqlstore: the database is not open"},
		"extract, nil writer": {func(ctx context.Context) any {
			_, err := new(registry.Registry).Extract(ctx, electoral.Request{}, electoral.Extraction{}, nil)
			return err
		}, "registry: the list writer is nil"},
		"zero registry": {func(ctx context.Context) any {
			_, err := new(registry.Registry).Elector(ctx, electoral.Request{}, "1")
			return err
		}, "expected one that New has made"},
		"zero engine": {func(ctx context.Context) any {
			_, err := new(revision.Engine).Get(ctx, electoral.Request{}, "E388", "x")
			return err
		}, "expected one that New has made"},
		"zero memory population": {func(ctx context.Context) any {
			var m memory.Population
			m.Put(electoral.Person{ANPRID: "7"})
			p, err := m.ByANPRID(ctx, "7")
			return fmt.Sprint(p.ANPRID, err)
		}, "7<nil>"},
		"zero checker": {func(context.Context) any {
			return new(rules.Checker).CheckElector(electoral.Elector{}, rules.Circumstances{At: today})[0]
		}, "ELE-ID-01"},
		"zero checker, section": {func(context.Context) any {
			return new(rules.Checker).CheckSection(electoral.Section{}, today)[0]
		}, "SEZ-"},
		"no elector": {func(context.Context) any { return new(rules.Checker).Voting(rules.VotingCase{}).Votes }, "no"},
		"annex 1, nil functions": {func(context.Context) any {
			e := electoral.Elector{General: &electoral.Enrolment{Comune: "E388", Section: "1"}}
			return electoral.Annex1Of(e, nil, nil).General.Comune
		}, "E388"},
		"nil CSV":      {func(context.Context) any { return lists.NewCSVWriter(nil).Begin(electoral.ExtractHeader{}) }, "lists: the writer is nil"},
		"nil CSV, end": {func(context.Context) any { return lists.NewCSVWriter(nil).End() }, "lists: the writer is nil"},
		"nil NDJSON":   {func(context.Context) any { return lists.NewNDJSONWriter(nil).End() }, "lists: the writer is nil"},
		"nil ASCII":    {func(context.Context) any { return lists.NewASCIIWriter(nil).End() }, "lists: the writer is nil"},
		"nil PDF":      {func(context.Context) any { _, err := lists.NewPDFWriter(nil, lists.PDFConfig{}); return err }, "the writer is nil"},
		"zero PDF":     {func(context.Context) any { return new(lists.PDFWriter).Begin(electoral.ExtractHeader{}) }, "the writer is nil"},
		"nil XML": {func(ctx context.Context) any {
			_, err := anprxml.ReadElectors(ctx, nil, anprxml.ReadConfig{})
			return err
		}, "anprxml: the reader is nil"},
		"zero XML":      {func(context.Context) any { return new(anprxml.SectionWriter).Close() }, "expected one that New… has made"},
		"XML not begun": {func(context.Context) any { return new(anprxml.ListWriter).End() }, "anprxml: the list has not begun"},
		"XML, wrong root": {func(ctx context.Context) any {
			_, err := anprxml.ReadElectors(ctx, strings.NewReader("<a/>"), anprxml.ReadConfig{})
			return err
		}, "<subentroListe>: trovato \"{}a\"; atteso: la radice <subentroListe>"},
		"persons, nil reader": {func(context.Context) any {
			for _, err := range electoral.ReadPersons(nil) {
				return err
			}
			return nil
		}, "electoral: persons: the reader is nil"},
		"persons, nil sequence": {func(context.Context) any { _, err := electoral.WritePersons(io.Discard, nil); return err },
			"electoral: persons: the sequence is nil"},
		"EU citizen, nil tables": {func(context.Context) any { return italian.IsEUCitizen(nil, today) }, "true"},
		"zero passage":           {func(ctx context.Context) any { return electoral.Passage{}.Do(ctx, nil) }, "the passage has no Recorder"},
		"no function": {func(ctx context.Context) any { return electoral.Passage{Recorder: silent{}}.Do(ctx, nil) },
			"internal error: runtime error"},
		"zero issuer": {func(ctx context.Context) any {
			_, err := new(certificate.Issuer).Issue(ctx, certificate.Request{})
			return err
		}, "expected one that NewIssuer has made"},
		"zero issuer, batch": {func(ctx context.Context) any {
			_, err := new(certificate.Issuer).Batch(ctx, certificate.BatchRequest{}, nil, nil)
			return err
		}, "expected one that NewIssuer has made"},
		"report, nil writer": {func(context.Context) any { return certificate.IssuedCollective{}.WriteReport(nil) }, "the writer is nil"},
		"zero archive":       {func(ctx context.Context) any { _, err := new(archive.SQL).Purge(ctx, erasure.Config{}); return err }, "archive: closed"},
		"zero outbox": {func(ctx context.Context) any {
			_, err := new(delivery.SQLOutbox).Purge(ctx, erasure.Config{})
			return err
		}, "delivery: the outbox is closed"},
		"zero courier":    {func(ctx context.Context) any { _, err := new(delivery.Courier).Run(ctx, 1); return err }, "expected one that New has made"},
		"nil file system": {func(ctx context.Context) any { _, err := new(verify.Verifier).Log(ctx, nil); return err }, "audit: the file system is nil"},
		"nil tables":      {func(context.Context) any { _, err := refdata.Load(nil); return err }, "refdata: the file system is nil"},
		"zero verifier":   {func(ctx context.Context) any { r := new(verify.Verifier).PDF(ctx, nil, time.Time{}); return r.Valid }, "false"},
		"zero log":        {func(ctx context.Context) any { _, err := new(audit.Log).Verify(ctx); return err }, "expected one that New has made"},
		"zero recorder":   {func(ctx context.Context) any { return new(recorder.Recorder).Record(ctx, electoral.Access{}) }, "expected one that New has made"},
		"zero sealer":     {func(ctx context.Context) any { _, err := new(seal.PAdES).Seal(ctx, nil, seal.Details{}); return err }, "expected a PAdES that NewPAdES has made"},
		"zero authority":  {func(ctx context.Context) any { _, err := new(seal.TSA).Timestamp(ctx, 0, nil); return err }, "expected one that NewTSA has made"},
	} {
		require.NotPanics(t, func() { require.Contains(t, fmt.Sprint(c.call(t.Context())), c.says, name) }, name)
	}
}
