package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
	"github.com/spacedrive-go/spacedrive/protocol/client/pick"
	"github.com/spacedrive-go/spacedrive/protocol/config"
	"github.com/spacedrive-go/spacedrive/protocol/config/flags"
)

// invoke connects and calls op, in the library of this run where op is about
// one.
func invoke[In, Out any](a *app, op protocol.Operation[In, Out], in In, options ...client.CallOption) (Out, error) {
	var none Out
	c, err := a.connect()
	if err != nil {
		return none, err
	}
	own := []client.CallOption{client.WithTrace(a.traceID())}
	if !op.ExplicitLibrary {
		id, err := a.libraryOf(op.Scope, op.OptionalLibrary)
		if err != nil {
			return none, err
		}
		own = append(own, client.InLibrary(id))
	}
	return client.Call(a.ctx, c, op, in, append(own, options...)...)
}

// traceID returns the id under which the daemon logs what this run asks for.
func (a *app) traceID() string {
	if a.trace == "" {
		a.trace = "cli-" + strings.ReplaceAll(protocol.NewID().String(), "-", "")
	}
	return a.trace
}

// libraryOf returns the library that a call of an operation must name: this run's
// if the operation is about a library. If the library is optional, the default
// library is not used.
func (a *app) libraryOf(scope protocol.Scope, optional bool) (protocol.ID, error) {
	if scope == protocol.Library || optional && a.source("library").Given() {
		return a.libraryID()
	}
	return protocol.ID{}, nil
}

// libraryID returns the library of this run, zero where none was named.
func (a *app) libraryID() (protocol.ID, error) {
	if a.library != nil {
		return *a.library, nil
	}
	var id protocol.ID
	if a.cli.Library != "" {
		lib, err := a.findLibrary(a.cli.Library)
		byDefault := protocol.HasCode(err, protocol.NotFound) && a.source("library") == flags.FromFile
		switch {
		case byDefault && a.ownDefault() == "": // it is the default of another daemon
		case byDefault:
			return id, protocol.AsError(err).WithHint("it is the default library in %s; name another with --library NAME, or choose another default with: spacedrive library use NAME", a.file.Path)
		case err != nil:
			return id, err
		}
		id = lib.ID
	}
	a.library = &id
	return id, nil
}

// libraryPlace returns the key under which the configuration file has the default
// library of this run's daemon: "" for the instance that the file is about.
func (a *app) libraryPlace() string {
	own, place, instance := a.file.Config.DataDir, "", a.daemon.Instance
	switch {
	case a.cli.Host != "":
		place, instance = a.cli.Host, cmp.Or(a.remoteInstance(), config.DefaultInstance)
	case a.daemon.System:
		place = "--system"
	case a.daemon.SocketGiven && a.daemon.Socket != config.SocketPath(own, instance):
		return a.daemon.Socket
	case a.daemon.DataDir != own:
		place = a.daemon.DataDir
	case instance != a.file.Config.Instance:
		return instance
	default:
		return ""
	}
	if instance != config.DefaultInstance {
		place += "/" + instance
	}
	return place
}

// ownDefault returns the default library that was chosen for the daemon of this
// run.
func (a *app) ownDefault() string {
	if place := a.libraryPlace(); place != "" {
		return a.file.Config.Libraries[place]
	}
	return a.file.Config.Library
}

// defaultLibrary returns the library of a run that names none: the default of this
// daemon, else that of the user's usual daemon, which is used if this one has a
// library of that name. Instances of one data folder do not share a default.
func (a *app) defaultLibrary() string {
	own := a.ownDefault()
	if own == "" && a.libraryPlace() != a.daemon.Instance {
		return a.file.Config.Library
	}
	return own
}

// setDefaultLibrary writes the default library of this run's daemon.
func (a *app) setDefaultLibrary(name string) error {
	if a.file.Path == "" {
		return protocol.Errorf(protocol.OperationFailed, "there is no place for a configuration file").WithHint("set HOME, or name a file with --config")
	}
	return config.SetLibrary(a.file.Path, a.libraryPlace(), name)
}

// picked returns err as a mistake in the command line where several things match
// what a person typed.
func picked[T any](thing T, err error) (T, error) {
	if err != nil && slices.Contains([]any{"library", "location", "job"}, protocol.AsError(err).Details["field"]) {
		err = usageError{err}
	}
	return thing, err
}

// findLibrary returns the library that a person means: by name, by id, or by
// the beginning of one.
func (a *app) findLibrary(word string) (api.Library, error) {
	c, err := a.connect()
	if err != nil {
		return api.Library{}, err
	}
	return picked(pick.Library(a.ctx, c, word, client.WithTrace(a.traceID())))
}

// findLocation returns the location that a person means: by path, by name, by
// id, or by the beginning of one.
func (a *app) findLocation(word string) (api.Location, error) {
	return lookUp(a, protocol.Library, func(c *client.Client, options ...client.CallOption) (api.Location, error) {
		return picked(pick.Location(a.ctx, c, word, options...))
	})
}

// locations returns all locations of the library.
func (a *app) locations() ([]api.Location, error) {
	return lookUp(a, protocol.Library, func(c *client.Client, options ...client.CallOption) ([]api.Location, error) {
		return pick.Locations(a.ctx, c, options...)
	})
}

// findJob returns the job whose id begins with word.
func (a *app) findJob(word string) (protocol.ID, error) {
	return lookUp(a, protocol.Core, func(c *client.Client, options ...client.CallOption) (protocol.ID, error) {
		return picked(pick.Job(a.ctx, c, word, options...))
	})
}

// lookUp connects and calls do with the library that an operation of this scope
// needs: this run's, or the one that was named, if any.
func lookUp[T any](a *app, scope protocol.Scope, do func(*client.Client, ...client.CallOption) (T, error)) (T, error) {
	var none T
	c, err := a.connect()
	if err != nil {
		return none, err
	}
	id, err := a.libraryOf(scope, true)
	if err != nil {
		return none, err
	}
	return do(c, client.InLibrary(id), client.WithTrace(a.traceID()))
}
