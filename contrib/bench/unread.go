package main

import (
	"context"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// readingSubscribers is how many read, in both of the runs that are compared.
const readingSubscribers = 50

// unread measures what as many subscribers that never read take from those that
// do, and from the server's memory.
func (b *bench) unread(ctx context.Context) ([]row, error) {
	f := b.flowTo(readingSubscribers)
	var sides []*side
	defer func() { stopAll(sides) }()
	for _, mute := range []int{readingSubscribers, 0} {
		f.mute = mute
		s, err := b.subscribedSide(ctx, "without them", protocol.JSON, f)
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	if err := b.takeRounds(ctx, sides); err != nil {
		return nil, err
	}
	with, without := sides[0], sides[1]
	rows := []row{beside("events to 50 subscribers, beside 50 that never read", "/s", with, without, target{MinRatio: 0.8})}
	memory := row{Name: "resident memory with 50 subscribers that never read", Unit: "MiB", Beside: without.name}
	for s, to := range map[*side]*summary{with: &memory.Ours, without: &memory.Theirs} {
		mib, err := resident(s.server)
		if err != nil {
			memory.Skipped = err.Error()
			b.say("NOT MEASURED: %s: %v", memory.Name, err)
			break
		}
		*to = summarise([]float64{mib})
	}
	if memory.Skipped == "" {
		memory.Ratio = memory.Ours.Median / memory.Theirs.Median
	}
	return append(rows, memory), nil
}
