package client

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

func TestAnotherDaemonIsRefused(t *testing.T) {
	data := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	target := serve(t, func(_ int, p *peer) {
		for {
			req, ok := p.next()
			if !ok {
				return
			}
			if req.Type != protocol.TypeHello {
				calls.Add(1)
			}
			p.plain(protocol.TypeOK, req.ID, protocol.HelloReply{
				Protocol: 1, Instance: protocol.HelloInstance{Name: "dev", DataDir: protocol.Path(data)},
			})
		}
	})
	for name, test := range map[string]struct{ instance, dataDir, field string }{
		"any":              {},
		"the same":         {"dev", data, ""},
		"by another path":  {"", link, ""},
		"another instance": {"default", "", "instance"},
		"other data":       {"dev", t.TempDir(), "data_dir"},
	} {
		t.Run(name, func(t *testing.T) {
			target.Instance, target.DataDir = test.instance, test.dataDir
			c, err := Dial(soon(t), target)
			if err == nil {
				c.Close()
			}
			got := ""
			if Reason(err) == ReasonOtherDaemon {
				got, _ = protocol.AsError(err).Details["field"].(string)
			}
			if got != test.field || (err == nil) != (test.field == "") {
				t.Errorf("the error is %v, want one about %q", err, test.field)
			}
		})
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestASubscriptionDoesNotResumeAtAnotherDaemon(t *testing.T) {
	target := serve(t, func(n int, p *peer) {
		for {
			req, ok := p.next()
			switch {
			case !ok:
				return
			case req.Type == protocol.TypeHello && n > 1:
				p.plain(protocol.TypeOK, req.ID, protocol.HelloReply{Protocol: 1, Instance: protocol.HelloInstance{Name: "dev"}})
			case req.Type == protocol.TypeSubscribe:
				p.plain(protocol.TypeSubscribed, req.ID, protocol.Position{})
				return // and with it the connection
			case !p.answer(req):
				t.Errorf("there is a request %s %s", req.Type, req.Method)
			}
		}
	})
	target.Instance = "default"
	c := dial(t, target)
	sub, err := c.Subscribe(soon(t), protocol.SubscribeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for err == nil {
		_, err = sub.Next(soon(t))
	}
	if Reason(err) != ReasonOtherDaemon {
		t.Errorf("the subscription ends with %v", err)
	}
	if _, err := Call(soon(t), c, api.CoreStatus, api.Empty{}); Reason(err) != ReasonOtherDaemon {
		t.Errorf("a call ends with %v", err)
	}
}
