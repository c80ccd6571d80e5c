package job_test

import (
	"context"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral/job"
)

// A server runs its jobs beside its pages, and shows an operator what became of them.
func ExampleRunner() {
	swept := make(chan struct{}, 1)
	r, err := job.New(job.Config{
		Store: job.NewMemory(), // on several nodes one of package sqlstore
		Node:  "server-1",
		Jobs: []job.Job{{
			Name: "sweep-archive", Every: 6 * time.Hour, Most: time.Hour,
			Do: func(context.Context) (string, error) {
				swept <- struct{}{}
				return "12 certificates deleted", nil
			},
		}},
		Failed: func(name string, err error) { fmt.Println("failed:", name, err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	<-swept
	stop() // as the program ends
	fmt.Println(<-ended)

	s, err := r.Status(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, j := range s.Jobs {
		fmt.Println(j.Name, j.Outcome, j.Note, j.Due.Sub(j.Started))
	}
	for _, p := range s.Problems {
		fmt.Println(p.Code, p.Job)
	}
	// Output:
	// <nil>
	// sweep-archive done 12 certificates deleted 6h0m0s
	// no-leader
}
