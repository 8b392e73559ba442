package event

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/spacedrive-go/spacedrive/protocol"
)

// A record is an event as the bus keeps it. Apart from its encodings it does not
// change once it is published.
type record struct {
	ev    protocol.Event
	spec  *protocol.EventSpec
	seq   uint64 // ev.Seq or ev.LogSeq
	order uint64

	chain uint64 // of progress that may replace one another; 0: not progress
	bytes int    // see size; Bus.mu guards it

	mu       sync.Mutex // held while encoding
	encoding [2]encoding
}

// An encoding is an event in one of the two encodings, once somebody needs it.
type encoding struct {
	ready atomic.Bool
	bytes []byte
}

// maxEvent is the longest event, in bytes. It fits a subscriber's queue, and is
// well below protocol.MaxFrame.
const maxEvent = queueBytes

func newRecord(ev protocol.Event) *record {
	r := &record{ev: ev, spec: ev.Type.Spec()}
	if r.spec == nil {
		panic("event: no event type " + string(ev.Type))
	}
	return r
}

// A progressKey names a chain of progress: successive events of one type that
// report the progress of one subject, with nothing else about it in between.
type progressKey struct {
	spec    *protocol.EventSpec
	subject protocol.ID
}

// maxChains bounds Bus.chains, for subjects whose end nobody publishes.
const maxChains = 1024

// chainLocked sets the chain of r. b.mu is held.
func (b *Bus) chainLocked(r *record) {
	subject, progress := r.spec.Progress(&r.ev)
	if subject == (protocol.ID{}) {
		return
	}
	key := progressKey{r.spec, subject}
	if !progress {
		delete(b.chains, key)
		return
	}
	if r.chain = b.chains[key]; r.chain != 0 {
		return
	}
	if len(b.chains) >= maxChains {
		clear(b.chains)
	}
	r.chain = r.order
	b.chains[key] = r.chain
}

// encoded returns the event in enc. The first subscriber to take the event
// encodes it, for all others too, so that the publisher does not have to.
func (r *record) encoded(enc protocol.Encoding) []byte {
	e := &r.encoding[enc-1]
	if e.ready.Load() {
		return e.bytes
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !e.ready.Load() {
		e.bytes = encode(enc, &r.ev)
		e.ready.Store(true)
	}
	return e.bytes
}

// encode returns the event without its data, but with the reason, if it cannot
// be encoded or is too long: subscribers still see that it happened.
func encode(enc protocol.Encoding, ev *protocol.Event) []byte {
	out, err := protocol.EncodeEvent(enc, ev)
	if err == nil && len(out) > maxEvent {
		err = fmt.Errorf("%d bytes are more than a subscriber's queue holds", len(out))
	}
	if err != nil {
		bare := *ev
		bare.Data = protocol.ValueOf(map[string]string{"encoding_error": err.Error()})
		out, _ = protocol.EncodeEvent(enc, &bare)
	}
	return out
}

// envelopeBytes is about what an encoded event takes without its data.
const envelopeBytes = 256

// size returns roughly how many bytes the event takes encoded. Nothing is
// encoded for it, as publishers wait for Bus.mu, which is held.
func (r *record) size() int {
	if r.bytes == 0 {
		r.bytes = envelopeBytes + r.ev.Data.Size()
	}
	return r.bytes
}
