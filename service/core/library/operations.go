package library

import (
	"context"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/registry"
)

// Register binds the operations on libraries, but libraries.info, whose
// statistics are of another domain's tables.
func (m *Manager) Register(r *registry.Registry) {
	registry.Bind(r, api.LibrariesCreate, func(ctx context.Context, in api.LibraryCreateInput) (api.Library, error) {
		return Within(ctx, func() (api.Library, error) { return m.create(ctx, in) })
	})
	registry.Bind(r, api.LibrariesList, m.list, registry.Inline)
	registry.Bind(r, api.LibrariesCurrent, m.current, registry.Inline)
	bind(r, m, api.LibrariesSetCurrent, m.setCurrent)
	Bind(r, m, api.LibrariesRename, func(ctx context.Context, lib *Library, in api.LibraryRenameInput) (api.Library, error) {
		return Within(ctx, func() (api.Library, error) { return m.rename(ctx, lib.ID, in.NewName) })
	})
	bind(r, m, api.LibrariesDelete, func(ctx context.Context, lib *Library, in api.LibraryDeleteInput) (api.LibraryDeleteOutput, error) {
		return Within(ctx, func() (api.LibraryDeleteOutput, error) { return m.delete(ctx, lib, in.DeleteData) })
	})
}

func (m *Manager) list(context.Context, api.Empty) (api.Libraries, error) {
	var out api.Libraries
	for _, lib := range m.All() {
		out.Libraries = append(out.Libraries, lib.Wire())
	}
	return out, nil
}

func (m *Manager) current(ctx context.Context, _ api.Empty) (api.CurrentLibrary, error) {
	session := registry.FromContext(ctx).Session
	if session == nil || session.Library() == (protocol.ID{}) {
		return api.CurrentLibrary{}, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	lib := m.libraries[session.Library()]
	if lib == nil {
		return api.CurrentLibrary{}, nil
	}
	w := lib.Wire()
	return api.CurrentLibrary{Library: &w}, nil
}

func (m *Manager) setCurrent(ctx context.Context, lib *Library, _ api.Empty) (api.CurrentLibrary, error) {
	if session := registry.FromContext(ctx).Session; session != nil {
		session.SetLibrary(lib.ID)
	}
	w := lib.Wire()
	return api.CurrentLibrary{Library: &w}, nil
}

func (m *Manager) checkName(name string, except protocol.ID) error {
	for _, lib := range m.All() {
		if lib.ID != except && foldName(lib.Name()) == foldName(name) {
			return protocol.Errorf(protocol.AlreadyExists, "there is a library named %q already", lib.Name()).
				With("field", "name").With("library_id", lib.ID).WithHint("choose another name")
		}
	}
	return nil
}

// rename gives the library its new name once the catalogue has it, whose name
// counts. The database's own is for who finds the database alone.
func (m *Manager) rename(ctx context.Context, id protocol.ID, name string) (out api.Library, err error) {
	release, err := m.claim(ctx, nameKey(name), idKey(id))
	if err != nil {
		return out, err
	}
	defer release()
	m.mu.Lock()
	lib, err := m.findLocked(id) // it may have been closed and opened, or deleted
	m.mu.Unlock()
	if err != nil {
		return out, err
	}
	if err := lib.Usable(); err != nil {
		return out, err
	}
	if err := m.checkName(name, id); err != nil {
		return out, err
	}
	if err := writeName(ctx, lib.DB, name); err != nil {
		return out, err
	}
	err = m.record(ctx, func(all []record) []record {
		for i := range all {
			if all[i].ID == id {
				all[i].Name = name
			}
		}
		return all
	})
	if err != nil {
		m.restoreName(ctx, lib, lib.Name())
		return out, err
	}
	lib.setName(name)
	lib.publish(ctx, api.LibraryRenamed)
	return lib.Wire(), nil
}

// restoreName puts the name of the catalogue back into a database. Where that
// fails, the next opening does it.
func (m *Manager) restoreName(ctx context.Context, lib *Library, name string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	if err := writeName(ctx, lib.DB, name); err != nil {
		m.Log.Warn().Err(err).Stringer("library_id", lib.ID).Msg("cannot put the library's former name back into its database")
	}
}
