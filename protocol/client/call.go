package client

import (
	"cmp"
	"context"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// A CallOption says more about one call.
type CallOption func(*callOptions)

type callOptions struct {
	library protocol.ID
	trace   string
	seq     *uint64
}

// InLibrary names the library of a call. The zero ID means the connection's
// current library, or the only one.
func InLibrary(id protocol.ID) CallOption { return func(o *callOptions) { o.library = id } }

// WithTrace gives a call its trace id, which then stands in every log line and
// event that the call causes: 1 to 64 characters of A-Z, a-z, 0-9, _ and -.
func WithTrace(id string) CallOption { return func(o *callOptions) { o.trace = id } }

// WithSeq sets *seq to the number of the newest event before the result was
// computed. Subscribe after it, and nothing is missed.
func WithSeq(seq *uint64) CallOption { return func(o *callOptions) { o.seq = seq } }

// Call calls op with in and returns its result. The deadline of ctx becomes the
// call's time-out. When ctx ends, Call returns at once and asks the daemon to
// cancel; an action may still have taken effect.
func Call[In, Out any](ctx context.Context, c *Client, op protocol.Operation[In, Out], in In, options ...CallOption) (Out, error) {
	var out Out
	payload, err := c.target.Encoding.Marshal(in)
	if err != nil {
		return out, protocol.Errorf(protocol.Serialization, "cannot encode the input of %s: %w", op.Name, err)
	}
	value, err := c.call(ctx, op.Kind, op.Method(), payload, options)
	if err != nil || value.IsZero() {
		return out, err
	}
	if err := value.Decode(&out); err != nil {
		return out, protocol.Errorf(protocol.Deserialization, "the answer to %s does not fit: %w", op.Name, err).
			WithHint("client and daemon may be of different versions; spacedrive restart starts the installed one")
	}
	return out, nil
}

// Raw calls an operation by its name with a payload in the connection's
// encoding, and returns the result. A nil payload means {}.
func (c *Client) Raw(ctx context.Context, kind protocol.Kind, method string, payload []byte, options ...CallOption) (protocol.Value, error) {
	return c.call(ctx, kind, method, payload, options)
}

func (c *Client) call(ctx context.Context, kind protocol.Kind, method string, payload []byte, options []CallOption) (protocol.Value, error) {
	var o callOptions
	for _, option := range options {
		option(&o)
	}
	conn := c.current()
	asked := 0 // how often the daemon may have received it
	for attempt := 1; ; attempt++ {
		pins := isSetCurrent(method) && !conn.pinned.Swap(true)
		reply, sent, err := conn.roundTrip(ctx, &protocol.Request{
			Type: string(kind), Method: method, Payload: payload,
			LibraryID: o.library, TraceID: o.trace, TimeoutMS: milliseconds(ctx),
		})
		if err == nil {
			if o.seq != nil {
				*o.seq = reply.Seq
			}
			return reply.Payload, nil
		}
		if pins {
			conn.pinned.Store(false)
		}
		if !conn.broken() || !lost(err) {
			return protocol.Value{}, err
		}
		if sent {
			asked++
		}
		if asked > 0 && kind != protocol.Query {
			return protocol.Value{}, mayHaveRun(err)
		}
		if asked > 1 || attempt >= c.target.tries || ctx.Err() != nil || !c.mayCallAgain(conn) {
			return protocol.Value{}, err
		}
		next, dialErr := c.next(ctx, conn)
		if dialErr != nil {
			return protocol.Value{}, dialErr
		}
		conn = next
	}
}

// lost reports whether err is the end of the connection and not an answer.
func lost(err error) bool {
	return protocol.HasCode(err, protocol.ReadError) || protocol.HasCode(err, protocol.WriteError)
}

func mayHaveRun(err error) error {
	e := *protocol.AsError(err)
	return protocol.Errorf(e.Code, "%w", err).With("reason", cmp.Or(Reason(err), ReasonBroken)).With("may_have_run", true).
		WithHint("the action may have run: look before you repeat it")
}

func isSetCurrent(method string) bool {
	return method == api.LibrariesSetCurrent.Name || strings.HasPrefix(method, "action:"+api.LibrariesSetCurrent.Name+".")
}
