package library

import (
	"context"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/registry"
)

// Bind makes h the handler of op, an operation of scope library. h gets the
// library that the call means, open.
func Bind[In, Out any](r *registry.Registry, m *Manager, op protocol.Operation[In, Out], h func(context.Context, *Library, In) (Out, error), options ...registry.Option) {
	bind(r, m, op, func(ctx context.Context, lib *Library, in In) (out Out, err error) {
		if lib, err = m.usable(ctx, lib); err != nil {
			return out, err
		}
		return h(ctx, lib, in)
	}, options...)
}

// Called returns the library that a call means, open, by the rules of
// operations of scope library. It is for an operation that is in a library or
// not by its input.
func (m *Manager) Called(ctx context.Context) (*Library, error) {
	call := registry.FromContext(ctx)
	lib, err := m.resolve(call, false)
	if err != nil {
		return nil, err
	}
	call.Library = lib.ID
	return m.usable(ctx, lib)
}

// BindOptional makes h the handler of op, an operation of scope core that takes
// a library_id. h gets that library, open, or nil where the call names none: the
// connection's current library does not count.
func BindOptional[In, Out any](r *registry.Registry, m *Manager, op protocol.Operation[In, Out], h func(context.Context, *Library, In) (Out, error), options ...registry.Option) {
	registry.Bind(r, op, func(ctx context.Context, in In) (out Out, err error) {
		call := registry.FromContext(ctx)
		if call.LibraryID == (protocol.ID{}) {
			return h(ctx, nil, in)
		}
		lib, err := m.resolve(call, true)
		if err != nil {
			return out, err
		}
		call.Library = lib.ID
		if lib, err = m.usable(ctx, lib); err != nil {
			return out, err
		}
		return h(ctx, lib, in)
	}, options...)
}

// usable returns a library open, or why it is not.
func (m *Manager) usable(ctx context.Context, lib *Library) (*Library, error) {
	if lib.DB == nil {
		var err error
		if lib, err = m.reopen(ctx, lib); err != nil {
			return nil, err
		}
	}
	return lib, lib.Usable()
}

// bind is Bind for handlers that take failed libraries too.
func bind[In, Out any](r *registry.Registry, m *Manager, op protocol.Operation[In, Out], h func(context.Context, *Library, In) (Out, error), options ...registry.Option) {
	registry.Bind(r, op, func(ctx context.Context, in In) (out Out, err error) {
		call := registry.FromContext(ctx)
		lib, err := m.resolve(call, op.ExplicitLibrary)
		if err != nil {
			return out, err
		}
		call.Library = lib.ID
		return h(ctx, lib, in)
	}, options...)
}

// resolve returns the library that a call means: the one it names, else the
// connection's current one, else the only one.
func (m *Manager) resolve(call *registry.Call, explicit bool) (*Library, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if call.LibraryID != (protocol.ID{}) {
		return m.findLocked(call.LibraryID)
	}
	if explicit {
		return nil, protocol.Invalid("library_id", "library_id must be given").WithHint("%s", m.namesLocked())
	}
	if call.Session != nil {
		if id := call.Session.Library(); id != (protocol.ID{}) {
			if lib := m.libraries[id]; lib != nil {
				return lib, nil
			}
			return nil, protocol.Errorf(protocol.NotFound, "this connection's current library %s has been deleted", id).
				With("library_id", id).WithHint("%s", m.namesLocked())
		}
	}
	switch len(m.libraries) {
	case 0:
		return nil, protocol.Errorf(protocol.NotFound, "there is no library yet").WithHint("make one: libraries.create, or spacedrive library create NAME")
	case 1:
		for _, lib := range m.libraries {
			return lib, nil
		}
	}
	return nil, protocol.Invalid("library_id", "there are %d libraries: say which one with library_id", len(m.libraries)).
		WithHint("%s", m.namesLocked())
}

func (m *Manager) findLocked(id protocol.ID) (*Library, error) {
	if lib := m.libraries[id]; lib != nil {
		return lib, nil
	}
	return nil, protocol.Errorf(protocol.NotFound, "no library with id %s", id).With("library_id", id).
		WithHint("%s", m.namesLocked())
}

// namesLocked lists the libraries for a hint.
func (m *Manager) namesLocked() string {
	const most = 5
	all := m.sortedLocked()
	if len(all) == 0 {
		return "there is no library yet; make one: libraries.create"
	}
	text := "there is "
	for i, lib := range all {
		if i == most {
			return text + ", and more: libraries.list"
		}
		if i > 0 {
			text += ", "
		}
		text += lib.Name() + " (" + lib.ID.String() + ")"
	}
	return text
}
