package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape asks for the metrics and reads them as Prometheus does.
func scrape(t *testing.T, c *client) (text string, families map[string]*dto.MetricFamily) {
	t.Helper()
	text = get(c.ok(`{"type":"query","method":"core.metrics"}`), "text")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return text, families
}

// value returns the value of the metric with the labels, written k=v, or -1.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		has := 0
		for _, l := range m.GetLabel() {
			for _, want := range labels {
				if want == l.GetName()+"="+l.GetValue() {
					has++
				}
			}
		}
		if has < len(labels) {
			continue
		}
		switch families[name].GetType() {
		case dto.MetricType_COUNTER:
			return m.GetCounter().GetValue()
		case dto.MetricType_GAUGE:
			return m.GetGauge().GetValue()
		case dto.MetricType_HISTOGRAM:
			return float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	data, tree := filepath.Join(dir, "data"), filepath.Join(dir, "private tree")
	for _, name := range []string{"a.jpg", "b.jpg", "sub/c.txt"} {
		path := filepath.Join(tree, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("12345"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	launch{args: []string{"--data-dir", data}}.start(t)
	c := dial(t, filepath.Join(data, "daemon", "daemon.sock"))
	want(t, c.ask(`{"type":"subscribe","id":1}`), "type", "subscribed")
	talk := dial(t, filepath.Join(data, "daemon", "daemon.sock"))
	library := get(talk.ok(`{"type":"action","method":"libraries.create","payload":{"name":"private name"}}`), "id")
	want(t, talk.ask(`{"type":"action","method":"locations.add","payload":{"path":%q}}`, tree), "type", "ok")
	want(t, talk.ask(`{"type":"query","method":"jobs.info","payload":{"job_id":"nonsense"}}`), "error.code", "deserialization")
	want(t, talk.ask(`{"type":"query","method":"core.nothing"}`), "error.code", "method_not_found")
	want(t, talk.ask(`{"type":"query","metod":"core.status"}`), "error.code", "invalid_request")
	for status := ""; status != "completed"; {
		if m := c.recv(); get(m, "event.type") == "JobUpdate" {
			status = get(m, "event.data.status")
		}
	}

	text, got := scrape(t, talk)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if strings.Contains(text, "private") || strings.Contains(text, dir) {
		t.Errorf("a name stands in:\n%s", text)
	}
	const all, inst = "", "instance=default"
	for _, tt := range []struct {
		name, labels string
		want         float64
	}{
		{"spacedrive_build_info", all, 1},
		{"spacedrive_instance_open", inst, 1},
		{"spacedrive_connections", all, 2},
		{"spacedrive_connections_accepted_total", all, 2},
		{"spacedrive_messages_refused_total", "code=invalid_request", 1},
		{"spacedrive_unknown_method_calls_total", all, 1},
		{"spacedrive_calls_total", inst + " method=libraries.create code=ok", 1},
		{"spacedrive_calls_total", inst + " method=jobs.info code=deserialization", 1},
		{"spacedrive_calls_total", inst + " method=core.status code=ok", 0},
		{"spacedrive_call_duration_seconds", inst + " method=locations.add", 1},
		{"spacedrive_calls_in_flight", all, 1}, // this one
		{"spacedrive_subscriptions", inst, 1},
		{"spacedrive_events_published_total", inst + " type=LibraryCreated", 1},
		{"spacedrive_events_published_total", inst + " type=VolumeAdded", 0},
		{"spacedrive_event_gaps_total", inst, 0},
		{"spacedrive_jobs", inst + " state=running", 0},
		{"spacedrive_library_open", inst + " library=" + library, 1},
		{"spacedrive_library_entries", "library=" + library + " kind=image", 2},
		{"spacedrive_library_entries", "library=" + library + " kind=folder", 1},
		{"spacedrive_library_size_bytes", "library=" + library, 15},
		{"spacedrive_library_locations", "library=" + library, 1},
		{"spacedrive_log_lines_lost_total", all, 0},
		{"spacedrive_request_memory_bytes", all, 0},
		{"spacedrive_answer_memory_bytes", all, 0},
	} {
		if v := value(got, tt.name, strings.Fields(tt.labels)...); v != tt.want {
			t.Errorf("%s{%s} is %v, want %v", tt.name, tt.labels, v, tt.want)
		}
	}
	for _, name := range []string{"spacedrive_received_bytes_total", "spacedrive_sent_bytes_total", "spacedrive_events_delivered_total", "go_goroutines"} {
		if value(got, name) <= 0 {
			t.Errorf("%s is %v", name, value(got, name))
		}
	}
	_, again := scrape(t, talk)
	if n := value(again, "spacedrive_calls_total", "method=core.metrics", "code=ok"); n != 1 {
		t.Errorf("the scrape before counts %v times", n)
	}
}

// TestDebugInACrowd asks what is going on where a thousand others are, most of
// whom subscribe and do not read.
func TestDebugInACrowd(t *testing.T) {
	data := t.TempDir()
	launch{args: []string{"--data-dir", data}}.start(t)
	socket := filepath.Join(data, "daemon", "daemon.sock")
	const others = 1000
	for range others {
		c := dial(t, socket)
		want(t, c.ask(`{"type":"subscribe","id":1}`), "type", "subscribed")
	}
	c := dial(t, socket)
	m := c.ask(`{"type":"query","method":"core.debug","payload":{"goroutines":true}}`)
	want(t, m, "payload.totals.connections", fmt.Sprint(others+1), "payload.totals.subscriptions", fmt.Sprint(others), "payload.truncated", "true")
	if list := m["payload"].(map[string]any)["connections"].([]any); len(list) != 100 {
		t.Errorf("%d connections are listed", len(list))
	}
	if dump := get(m, "payload.goroutine_dump"); !regexp.MustCompile(`(?m)^100[01] @ `).MatchString(dump) {
		t.Errorf("the goroutines of the connections are not one group:\n%.500s", dump)
	}
	want(t, c.ask(`{"type":"query","method":"core.debug","payload":{"limit":10000}}`), "payload.truncated", "false")
}
