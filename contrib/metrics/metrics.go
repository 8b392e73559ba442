// Package metrics holds what carries the daemon's counters to Prometheus: a
// script, and the units that run it. README.md says how; the test runs the
// script against a real daemon.
package metrics
