package main

import (
	"fmt"
	"strconv"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
	"github.com/spacedrive-go/spacedrive/protocol/version"
)

var _ = register[statusCmd]("status", groupRun)

type statusCmd struct{}

func (*statusCmd) Run(a *app) error {
	s, err := invoke(a, api.CoreStatus, api.Empty{})
	if err != nil {
		return err
	}
	return a.term.show(s, func() { a.printStatus(s) })
}

func (a *app) printStatus(s api.Status) {
	var l list
	l.add("pid", strconv.Itoa(s.PID))
	l.add("version", s.Version)
	l.add("uptime", human.Duration(milliseconds(s.UptimeMS)))
	l.add("activation", activation(s.Activation))
	for _, listener := range s.Listeners {
		l.add("socket", a.path(listener.Path)+only(len(s.Listeners) > 1, " (instance "+listener.Instance+", "+listener.Origin+")"))
	}
	if s.AdmitGroup != "" {
		l.add("open to", "group "+s.AdmitGroup)
	}
	for _, i := range s.Instances {
		l.add("instance", i.Name+", "+i.State+", "+a.path(i.DataDir)+only(i.Error != "", ": "+i.Error))
	}
	for _, lib := range s.Libraries {
		l.add("library", lib.Name+", "+lib.State+only(lib.Error != "", ": "+lib.Error))
	}
	l.add("jobs", fmt.Sprintf("%d running, %d queued, %d paused", s.Jobs.Running, s.Jobs.Queued, s.Jobs.Paused))
	l.add("connections", human.Count(int64(s.Connections)))
	l.add("subscribers", human.Count(int64(s.Subscriptions.Count))+only(s.Subscriptions.Gaps > 0, fmt.Sprintf(", %d gaps", s.Subscriptions.Gaps)))
	l.add("memory", human.Size(int64(s.Memory.Resident))+" resident, "+human.Size(int64(s.Memory.Heap))+" heap")
	l.add("network", s.Network)
	l.print(a.term)
	if own := version.String(); s.Version != own {
		a.term.message(fmt.Sprintf("Warning: the daemon is version %s, and this program %s. To run the installed one: %s",
			human.Clean(s.Version), own, a.command("restart")))
	}
}

func only(when bool, s string) string {
	if when {
		return s
	}
	return ""
}

// activation describes who created the daemon's socket.
func activation(how string) string {
	switch how {
	case "systemd":
		return "by systemd's socket"
	case "launchd":
		return "by launchd's socket"
	case "own":
		return "its own socket"
	case "stdio":
		return "stdin and stdout"
	}
	return how
}
