package server_test

import (
	"context"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

type panicsWhenChecked struct {
	Text string `json:"text,omitzero"`
}

func (*panicsWhenChecked) Validate() error { panic("a bug in the check") }

type panicsWhenEncoded struct{}

func (panicsWhenEncoded) MarshalJSON() ([]byte, error) { panic("a bug in the encoding") }

func TestAPanicIsOneInternalError(t *testing.T) {
	d := start(t)
	answer := func(context.Context, api.Empty) (panicsWhenEncoded, error) { return panicsWhenEncoded{}, nil }
	registry.Bind(d.inst.registry, protocol.CoreQuery[panicsWhenChecked, textOutput]("test.check", "Panic while the input is checked"),
		func(context.Context, panicsWhenChecked) (textOutput, error) { return textOutput{}, nil })
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, panicsWhenEncoded]("test.encode", "Panic while the answer is encoded"), answer)
	registry.Bind(d.inst.registry, protocol.CoreQuery[api.Empty, panicsWhenEncoded]("test.inline", "The same, at once"), answer, registry.Inline)
	for _, method := range []string{"test.check", "test.encode", "test.inline"} {
		t.Run(method, func(t *testing.T) {
			c := d.dial(t)
			c.send(`{"type":"query","id":1,"method":"%s","trace_id":"t1"}`, method)
			c.want("id", "1", "error.code", "internal", "error.details.trace_id", "t1")
			c.send(`{"type":"query","id":1,"method":"test.echo"}`) // the id is free, the connection goes on
			c.want("id", "1", "type", "ok")
		})
	}
}
