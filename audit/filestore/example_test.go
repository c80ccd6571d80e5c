package filestore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
)

func Example() {
	tmp, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "audit")

	store, err := filestore.Open(dir, filestore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, r := range store.Recoveries() {
		log.Printf("an interrupted write was cut off %s: %s", r.File, r.Problem)
	}
	l, err := audit.New(audit.Config{Store: store})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	record, err := l.Append(ctx, "H501", audit.Entry{
		FiscalCode: "FFCLTR70A01H501Z", Time: time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC),
		Operation: "section-list", Outcome: "granted", RequestID: "r-1", Authentication: "cie",
	})
	if err != nil {
		log.Fatal(err) // no answer without a record
	}

	// Anybody with the files can check them.
	report, err := audit.VerifyFS(ctx, os.DirFS(dir))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK(), report.Chains[0].File, report.Chains[0].Head == audit.HeadOf(record))
	// Output:
	// true chain-h501.log true
}
