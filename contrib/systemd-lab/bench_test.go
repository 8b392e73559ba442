package lab

import (
	"slices"
	"testing"
	"time"
)

// From a connection that finds no daemon to the answer on it, by way of
// systemd: what a person waits for after an idle exit.
//
//	go test ./contrib/systemd-lab -run '^$' -bench FirstConnection
func BenchmarkFirstConnection(b *testing.B) {
	d := install(b)
	d.status() // makes the data folder
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		d.systemctl("stop", "spacedrive.service")
		began := time.Now()
		b.StartTimer()
		if answers, err := exchange(d.socket, statusQuery); err != nil || len(answers) != 1 || answers[0].Type != "ok" {
			b.Fatalf("%v, %v", answers, err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	for name, d := range map[string]time.Duration{"min-ms": took[0], "median-ms": took[len(took)/2], "max-ms": took[len(took)-1]} {
		b.ReportMetric(float64(d)/float64(time.Millisecond), name)
	}
}
