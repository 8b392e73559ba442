package lab

import "testing"

// From a connection that finds no daemon to the answer on it, by way of
// systemd: what a person waits for after an idle exit.
//
//	go test ./contrib/systemd-lab -run '^$' -bench FirstConnection
func BenchmarkFirstConnection(b *testing.B) {
	d := install(b)
	d.status() // makes the data folder
	for b.Loop() {
		b.StopTimer()
		d.systemctl("stop", "spacedrive.service")
		b.StartTimer()
		if answers, err := exchange(d.socket, statusQuery); err != nil || len(answers) != 1 || answers[0].Type != "ok" {
			b.Fatalf("%v, %v", answers, err)
		}
	}
}
