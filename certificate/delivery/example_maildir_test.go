//go:build !windows

package delivery_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// Mails that another program fetches into a folder.
func ExampleMaildir() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for _, part := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, part), 0o700); err != nil {
			log.Panic(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "new", "1774172132.M1P1.host"), []byte("Subject: x\r\n\r\nx\r\n"), 0o600); err != nil {
		log.Panic(err)
	}
	box := &delivery.Maildir{Dir: dir}
	err = box.Receive(context.Background(), 100, func(_ context.Context, mail io.Reader) (delivery.Filing, error) {
		text, err := io.ReadAll(mail)
		fmt.Println(len(text), "bytes")
		return delivery.Other, err
	})
	if err != nil {
		log.Panic(err)
	}
	filed, err := filepath.Glob(filepath.Join(dir, ".Da vedere", "cur", "*"))
	fmt.Println(len(filed), err)
	// Output:
	// 17 bytes
	// 1 <nil>
}
