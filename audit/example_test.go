package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log"
	"time"

	"github.com/liste-elettorali/anpr/audit"
)

// The persons of the examples are made up.
func issue() audit.Entry {
	return audit.Entry{
		FiscalCode:     "FFCLTR70A01H501Z",
		Time:           time.Date(2026, 3, 22, 10, 0, 0, 123_000_000, time.UTC),
		Operation:      "certificate-issue",
		Outcome:        "granted",
		RequestID:      "r-1",
		Authentication: "spid",
	}
}

func clock() time.Time { return time.Date(2026, 3, 22, 10, 0, 1, 0, time.UTC) }

func Example() {
	ctx := context.Background()
	l, err := audit.New(audit.Config{Store: &audit.MemoryStore{}, Now: clock})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		if _, err := l.Append(ctx, "H501", issue()); err != nil {
			log.Fatal(err)
		}
	}
	report, err := l.Verify(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK(), report.Chains[0].Records, "records")

	_, err = l.Append(ctx, "H501", audit.Entry{FiscalCode: "FFCLTR70A01H501Z", Time: clock(), Operation: "section\nlist"})
	fmt.Println(err)
	// Output:
	// true 3 records
	// audit: entry: Operation has the character U+000A at byte 7, which is not accepted; Outcome is empty; RequestID is empty; Authentication is empty
}

// A file with one record, byte by byte.
func Example_format() {
	ctx := context.Background()
	l, err := audit.New(audit.Config{Store: &audit.MemoryStore{}, Now: clock})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := l.Append(ctx, "H501", issue()); err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := l.Export(ctx, &file, "H501"); err != nil {
		log.Fatal(err)
	}
	show := func(name string, n int) { fmt.Printf("%-10s %s\n", name, hex.EncodeToString(file.Next(n))) }
	show("magic", 16)
	show("chain", 5)
	show("first", 8)
	show("previous", 32)
	show("check", 32)
	show("length", 4)
	show("complement", 4)
	show("version…", 4)
	show("chain", 5)
	show("sequence", 8)
	show("time", 8)
	show("previous", 32)
	show("present", 1)
	show("1", 3+16)
	show("2", 3+8)
	show("3", 3+17)
	show("4", 3+7)
	show("5", 3+3)
	show("6", 3+4)
	show("hash", 32)
	show("length", 4)
	fmt.Println(file.Len(), "bytes are left")
	// Output:
	// magic      8961756469742d636861696e2f310d0a
	// chain      0448353031
	// first      0000000000000000
	// previous   fee12c7fd45d38d97155e2f7972ea23a4be2c8516c0a8f1d7fab69b60775efbd
	// check      ac2417ee2d1e032a22d094388f885a0c428eafaf1c4fa23a0715b6aa897934a3
	// length     000000a3
	// complement ffffff5c
	// version…   01010102
	// chain      0448353031
	// sequence   0000000000000000
	// time       0000019d14fcbce8
	// previous   fee12c7fd45d38d97155e2f7972ea23a4be2c8516c0a8f1d7fab69b60775efbd
	// present    01
	// 1          0100104646434c54523730413031483530315a
	// 2          0200080000019d14fcb97b
	// 3          03001163657274696669636174652d6973737565
	// 4          0400076772616e746564
	// 5          050003722d31
	// 6          06000473706964
	// hash       90986a90828d40adca93a32df1282b86f4c9c14debf6ef82a627211044e872d3
	// length     000000a3
	// 0 bytes are left
}

func ExampleVerifyFile() {
	ctx := context.Background()
	l, err := audit.New(audit.Config{Store: &audit.MemoryStore{}, Now: clock})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		if _, err := l.Append(ctx, "H501", issue()); err != nil {
			log.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := l.Export(ctx, &file, "H501"); err != nil {
		log.Fatal(err)
	}
	changed := bytes.Replace(file.Bytes(), []byte("granted"), []byte("refused"), 1)
	report, err := audit.VerifyFile(ctx, bytes.NewReader(changed))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.OK())
	for _, f := range report.Faults {
		fmt.Println(f.Code, "in record", f.Seq, "at byte", f.Offset)
	}
	// Output:
	// false
	// wrong-hash in record 0 at byte 93
}
