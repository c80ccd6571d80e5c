package session_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/transport/session"
)

// A person logs in, looks at a preview, raises the level for what is delicate, and comes
// back after the session has expired.
func ExampleManager() {
	ctx, now := context.Background(), time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	m, err := session.New(session.Config{
		Store: session.NewMemory(), // on several nodes one of package sqlstore
		Now:   func() time.Time { return now },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	actor := electoral.Actor{
		FiscalCode: "RSSMRA80A01H501U", Role: electoral.CitizenRole, Method: electoral.SPIDMethod, Level: 2,
	}
	token, s, err := m.Begin(ctx, session.Identity{Actor: actor, Person: "1234567", Name: "Mario Rossi",
		Device: "Firefox"}, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("lasts", m.Remaining(s))

	id, err := m.Keep(ctx, s, []byte("%PDF… preview"), 10*time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	actor.Level = 3
	if token, s, err = m.StepUp(ctx, token, actor); err != nil {
		fmt.Println(err)
		return
	}
	preview, err := m.Kept(ctx, s, id)
	fmt.Println("level", s.Actor.Level, string(preview), err)

	now = now.Add(time.Hour)
	s, err = m.Find(ctx, token)
	if errors.Is(err, session.ErrExpired) {
		draft, err := m.Leave(ctx, s.Person, "/rettifica", []byte("via=Roma"), 30*time.Minute)
		if err != nil {
			fmt.Println(err)
			return
		}
		// He logs in again, and goes on.
		place, form, err := m.Resume(ctx, draft, "1234567")
		fmt.Println("expired:", place, string(form), err)
	}
	// Output:
	// lasts 16m30s
	// level 3 %PDF… preview <nil>
	// expired: /rettifica via=Roma <nil>
}
