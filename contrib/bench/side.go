package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// longestRound is how long a round may take before its client is given up.
const longestRound = time.Minute

// An agent is a client of one server that waits, connected, between rounds. It
// runs one for each line that it is sent, and prints its figures as a JSON
// array.
type agent struct {
	*process
	stdin   io.WriteCloser
	figures *jsontext.Decoder
}

func (b *bench) startAgent(start starter, program string, args ...string) (*agent, error) {
	a := &agent{process: &process{cmd: exec.Command(program, args...), ended: make(chan error, 1)}}
	a.cmd.Env = b.environ()
	a.cmd.Stderr = &a.output
	stdin, err := a.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := start(a.cmd); err != nil {
		return nil, err
	}
	a.stdin, a.figures = stdin, jsontext.NewDecoder(stdout)
	return a, nil
}

// round has a round run, and returns its figures.
func (a *agent) round(ctx context.Context) (figures []float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, longestRound)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = a.cmd.Process.Kill() })()
	if _, err = io.WriteString(a.stdin, "\n"); err == nil {
		err = json.UnmarshalDecode(a.figures, &figures)
	}
	if err != nil {
		a.stop()
		return nil, fmt.Errorf("the client %s: %w: %.2000s", a.cmd, err, a.output.Bytes())
	}
	return figures, nil
}

// stop ends the agent, by the end of its input or else by force.
func (a *agent) stop() {
	_ = a.stdin.Close()
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait() // that it was killed is no news
}

// A side is one of those that are compared: a server, and a client that loads
// it.
type side struct {
	name    string
	peer    bool     // may fail without the rest
	address string   // of the server
	server  *process // nil where sides share one, which whoever started it stops
	agent   *agent

	figures []float64 // of all rounds
	p99     []float64 // of each round
	skipped string    // why there are none
}

func (s *side) stop() {
	if s.agent != nil {
		s.agent.stop()
	}
	if s.server != nil {
		s.server.stop()
	}
}

// skip leaves a side out.
func (s *side) skip(b *bench, err error) {
	s.skipped = err.Error()
	b.say("NOT MEASURED: %s: %v", s.name, err)
}

func stopAll(sides []*side) {
	for _, s := range sides {
		s.stop()
	}
}

// takeRounds has each side run a round, in turn, over and over. The first
// rounds are for warming up. A peer that fails is left out from there on.
func (b *bench) takeRounds(ctx context.Context, sides []*side) error {
	for round := range b.Rounds + 1 {
		for _, s := range sides {
			if s.skipped != "" {
				continue
			}
			figures, err := s.agent.round(ctx)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil && !s.peer:
				return fmt.Errorf("%s: %w", s.name, err)
			case err != nil:
				s.skip(b, err)
			case round > 0:
				s.figures = append(s.figures, figures...)
				s.p99 = append(s.p99, quantile(figures, 0.99))
			}
		}
	}
	return nil
}
