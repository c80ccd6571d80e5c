package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "anpr")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	// Or OpenPostgres(ctx, "postgres://anpr@localhost/anpr"): the rest is the same.
	db, err := sqlstore.OpenSQLite(ctx, filepath.Join(dir, "registro.db"))
	if err != nil {
		panic(err)
	}
	defer db.Close()
	err = db.Store().Update(ctx, func(w registry.Writer) error {
		return w.PutElector(ctx, "A074", electoral.Elector{
			ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A074", Section: "3"},
		})
	})
	if err != nil {
		panic(err)
	}
	err = db.Store().View(ctx, func(r registry.Reader) error {
		for e, err := range r.Enrolled(ctx, electoral.GeneralList, "A074", "3") {
			if err != nil {
				return err
			}
			fmt.Println(e.ANPRID, e.Capacity)
		}
		_, _, err := r.Elector(ctx, "2")
		fmt.Println(errors.Is(err, electoral.ErrNotFound))
		return nil
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// 1 si
	// true
}
