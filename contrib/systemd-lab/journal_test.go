package lab

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func TestTheJournalHoldsTheFields(t *testing.T) {
	d := install(t)
	tree := filepath.Join(d.home, "tree")
	d.plant(tree, 2, 2)
	library := d.library("Logged")
	answers, err := exchange(d.socket, `{"type":"action","id":77,"method":"locations.add","trace_id":"lab-trace-1","payload":{"path":"`+tree+`"}}`)
	if err != nil || len(answers) != 1 || answers[0].Type != "ok" {
		t.Fatalf("%v, %v", answers, err)
	}
	var added struct {
		JobID string `json:"job_id"`
	}
	if err := json.Unmarshal(answers[0].Payload, &added); err != nil {
		t.Fatal(err)
	}
	d.finished(added.JobID)

	var lines []map[string]any
	d.until("the journal", func() bool {
		lines = d.journal("JOB_ID=" + added.JobID)
		return len(lines) > 0
	})
	d.until("the call in the journal", func() bool {
		calls := d.journal("METHOD=locations.add")
		if len(calls) == 1 {
			for field, want := range map[string]string{
				"PEER_UID": strconv.Itoa(os.Getuid()), "PEER_PID": strconv.Itoa(os.Getpid()), "CODE": "ok", "LIBRARY_ID": library,
			} {
				if calls[0][field] != want {
					t.Errorf("%s is %v, want %s, in %v", field, calls[0][field], want, calls[0])
				}
			}
		}
		return len(calls) == 1
	})
	for _, line := range lines {
		for field, want := range map[string]string{
			"SYSLOG_IDENTIFIER": "spacedrived", "INSTANCE": "default", "LIBRARY_ID": library,
			"TRACE_ID": "lab-trace-1", "_SYSTEMD_USER_UNIT": "spacedrive.service", "_TRANSPORT": "journal",
		} {
			if line[field] != want {
				t.Errorf("%s is %v, want %s, in %v", field, line[field], want, line)
			}
		}
		for _, field := range []string{"MESSAGE", "PRIORITY", "TARGET"} {
			if line[field] == nil {
				t.Errorf("no %s in %v", field, line)
			}
		}
		if _, doubled := line["JSON"]; doubled {
			t.Errorf("the whole line again in a field JSON: %v", line)
		}
	}
}

func TestAFailedCallIsInTheJournalWithItsIds(t *testing.T) {
	d := install(t)
	answers, err := exchange(d.socket, `{"type":"query","id":78,"method":"jobs.info","trace_id":"lab-trace-2","payload":{"job_id":"01234567-89ab-7def-8123-456789abcdef"}}`)
	if err != nil || len(answers) != 1 || answers[0].Type != "error" {
		t.Fatalf("%v, %v", answers, err)
	}
	var lines []map[string]any
	d.until("the journal", func() bool {
		lines = d.journal("TRACE_ID=lab-trace-2")
		return len(lines) > 0
	})
	if lines[0]["REQUEST_ID"] != "78" {
		t.Errorf("REQUEST_ID is %v in %v", lines[0]["REQUEST_ID"], lines[0])
	}
}

// journal returns the entries that match.
func (d *daemon) journal(match string) []map[string]any {
	d.t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(d.journalctl("-o", "json", match)) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			d.t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, entry)
	}
	return lines
}
