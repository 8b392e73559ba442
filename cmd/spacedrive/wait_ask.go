package main

import (
	"bufio"
	"context"
	"os"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// interrupted asks what shall become of the jobs, which are watched meanwhile.
// A second interrupt leaves at once; so does the first where nobody can be
// asked.
func (w *watch) interrupted(s os.Signal) error {
	if s != os.Interrupt || w.answers != nil || !w.a.term.asks() {
		return w.leave()
	}
	what := "the job"
	if len(w.order) > 1 {
		what = "the jobs"
	}
	w.a.term.message("")
	w.a.term.message("Cancel " + what + ", or leave it to go on without you?")
	w.a.term.message("[c]ancel  [l]eave it running (or Ctrl-C again)  [Enter] keep watching: ")
	answers := make(chan string, 1)
	w.answers = answers
	// The read ends with the program: a terminal's cannot be called off.
	go func() {
		line, err := bufio.NewReader(w.a.term.in).ReadString('\n')
		if err != nil {
			line = "l"
		}
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	return nil
}

func (w *watch) answered(ctx context.Context, answer string) error {
	w.answers = nil
	switch {
	case strings.HasPrefix(answer, "c"):
		return w.cancel(ctx)
	case strings.HasPrefix(answer, "l"):
		return w.leave()
	}
	w.stale = true
	return nil
}

func (w *watch) cancel(ctx context.Context) error {
	for _, id := range w.order {
		if j := w.jobs[id]; j != nil && j.Status.Finished() {
			continue
		}
		_, err := client.Call(ctx, w.c, api.JobsCancel, api.JobInput{JobID: id}, client.InLibrary(w.lib), client.WithTrace(w.a.traceID()))
		if err != nil && !protocol.HasCode(err, protocol.Conflict) { // it ended meanwhile
			return err
		}
		w.a.term.message("Cancelled the job " + id.String() + ". What it did so far stays.")
	}
	return exitError(exitInterrupted)
}

// leave says how to come back to what goes on.
func (w *watch) leave() error {
	for _, id := range w.order {
		if j := w.jobs[id]; j == nil || !j.Status.Finished() {
			w.a.term.message("The job goes on. To come back to it: " + w.a.command("job", "watch", id.String()))
		}
	}
	return exitError(exitInterrupted)
}
