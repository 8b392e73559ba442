package server

import (
	"context"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

// TestACallIsShownAsOfOneMoment: what is listed together sorts by age however
// long the listing takes, and a call whose time is over counts as cancelled
// before the timer of its context has run.
func TestACallIsShownAsOfOneMoment(t *testing.T) {
	began := time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), began.Add(time.Hour))
	defer cancel()
	c := &conn{running: map[uint64]*running{}}
	for i := range uint64(3) {
		c.running[i+1] = &running{
			Call: &registry.Call{Context: ctx}, id: i + 1, method: new(registry.Method), began: began.Add(time.Duration(i) * time.Millisecond),
		}
	}
	d := api.Debug{Calls: c.appendCalls(nil, began.Add(time.Hour+3*time.Millisecond))}
	rank(&d, 10)
	for i, call := range d.Calls {
		if call.ID != uint64(i+1) || call.AgeMS != time.Hour.Milliseconds()+3-int64(i) || call.TimeoutLeftMS != -3 || !call.Cancelled {
			t.Errorf("in place %d: %+v", i+1, call)
		}
	}
}
