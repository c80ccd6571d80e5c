package audit_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log"
	"strings"
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

// As issue, with what a public office knows besides.
func issueAtCounter() audit.Entry {
	e := issue()
	e.ActorComune, e.Role, e.Level, e.Station = "A271", "operator", 2, "s-7"
	e.Details = []audit.Detail{{Key: "kind", Value: "2"}, {Key: "note"}}
	return e
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

	faulty := issue()
	faulty.Operation, faulty.Outcome = "section\nlist", ""
	_, err = l.Append(ctx, "H501", faulty)
	fmt.Println(err)
	// Output:
	// true 3 records
	// audit: entry: Operation has the character U+000A at byte 7, which is not accepted; Outcome is empty
}

// A file with one record, byte by byte.
func Example_format() {
	ctx := context.Background()
	random := strings.NewReader("not random, so as to show always the same")
	records, err := audit.NewRecords(random, "H501", audit.EmptyHead("H501"), clock(), issueAtCounter())
	if err != nil {
		log.Fatal(err)
	}
	store := &audit.MemoryStore{}
	if err := store.Append(ctx, "H501", records); err != nil {
		log.Fatal(err)
	}
	l, err := audit.New(audit.Config{Store: store})
	if err != nil {
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
	show("8", 3+4)
	show("9", 3+8)
	show("10", 3+1)
	show("12", 3+3)
	show("17", 3)
	show("17: kind", 1+4+2+1)
	show("17: note", 1+4+2)
	show("18", 3+32)
	show("hash", 32)
	show("length", 4)
	fmt.Println(file.Len(), "bytes are left")
	// Output:
	// magic      8961756469742d636861696e2f310d0a
	// chain      0448353031
	// first      0000000000000000
	// previous   fee12c7fd45d38d97155e2f7972ea23a4be2c8516c0a8f1d7fab69b60775efbd
	// check      ac2417ee2d1e032a22d094388f885a0c428eafaf1c4fa23a0715b6aa897934a3
	// length     000000f4
	// complement ffffff0b
	// version…   01010202
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
	// 8          08000441323731
	// 9          0900086f70657261746f72
	// 10         0a000102
	// 12         0c0003732d37
	// 17         11000f
	// 17: kind   046b696e64000132
	// 17: note   046e6f74650000
	// 18         1200206e6f742072616e646f6d2c20736f20617320746f2073686f7720616c77617973
	// hash       f98e90c4f2e54dcbaaa6f968a3d3fa61417df52cb0b3c3571de3b8db955bf73e
	// length     000000f4
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
