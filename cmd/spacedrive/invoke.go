package main

import (
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// invoke connects and calls op, in the library of this run where op is about
// one.
func invoke[In, Out any](a *app, op protocol.Operation[In, Out], in In, options ...client.CallOption) (Out, error) {
	var none Out
	c, err := a.connect()
	if err != nil {
		return none, err
	}
	if !op.ExplicitLibrary {
		id, err := a.libraryOf(op.Scope, op.OptionalLibrary)
		if err != nil {
			return none, err
		}
		options = append([]client.CallOption{client.InLibrary(id)}, options...)
	}
	return client.Call(a.ctx, c, op, in, append(options, client.WithTrace(a.traceID()))...)
}

// traceID returns the id under which the daemon logs what this run asks for.
func (a *app) traceID() string {
	if a.trace == "" {
		a.trace = "cli-" + strings.ReplaceAll(protocol.NewID().String(), "-", "")
	}
	return a.trace
}

// libraryOf returns the library that a call of an operation is to name: this
// run's where it is about one. Where it only may name one, the default library
// does not count.
func (a *app) libraryOf(scope protocol.Scope, optional bool) (protocol.ID, error) {
	if scope == protocol.Library || optional && a.source("library").given() {
		return a.libraryID()
	}
	return protocol.ID{}, nil
}

// libraryID returns the library of this run, zero where none was named.
func (a *app) libraryID() (protocol.ID, error) {
	if a.library == nil {
		var id protocol.ID
		if a.cli.Library != "" {
			lib, err := a.findLibrary(a.cli.Library)
			if protocol.HasCode(err, protocol.NotFound) && a.source("library") == fromFile && a.elsewhere() {
				a.library = &id // the default is that of the daemon one usually has
				return id, nil
			}
			if protocol.HasCode(err, protocol.NotFound) && a.source("library") == fromFile {
				return id, protocol.AsError(err).WithHint("it is the default library in %s; name another with --library NAME, or choose another default with: spacedrive library use NAME", a.file.Path)
			}
			if err != nil {
				return id, err
			}
			id = lib.ID
		}
		a.library = &id
	}
	return *a.library, nil
}

// elsewhere reports whether this run is about another daemon than one's settings
// are made for.
func (a *app) elsewhere() bool {
	return a.system() || a.cli.Host != "" || a.explicit() || a.source("instance").given()
}

// findLibrary returns the library that a person means: by name, by id, or by
// the beginning of one.
func (a *app) findLibrary(word string) (api.Library, error) {
	libs, err := invoke(a, api.LibrariesList, api.Empty{})
	if err != nil {
		return api.Library{}, err
	}
	return pick("library", word, libs.Libraries, func(l api.Library) (protocol.ID, []string) {
		return l.ID, []string{l.Name}
	})
}
