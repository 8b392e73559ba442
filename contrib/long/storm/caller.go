//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// A caller makes random calls, on one connection after another.
type caller struct {
	storm  *storm
	daemon *daemon
	random *rand.Rand

	client        *client.Client
	subscriptions []*client.Subscription
	libraries     []api.Library // as last listed
	library       api.Library   // the one of them that locations are of
	locations     []api.Location
	jobs          []api.Job
	found         []protocol.ID // entries of the last search
	searched      protocol.ID   // the library that they are of
}

const (
	maxLibraries     = 6
	maxSubscriptions = 5
)

// run calls until ctx ends.
func (c *caller) run(ctx context.Context) {
	for ctx.Err() == nil {
		encoding := []protocol.Encoding{protocol.CBOR, protocol.JSON}[c.random.IntN(2)]
		var err error
		if c.client, err = c.daemon.dial(ctx, encoding); err != nil {
			if ctx.Err() == nil {
				c.storm.problems.add("no connection", "to the %s daemon within %s: %v", c.daemon.name, answerTime, err)
			}
			return
		}
		for range 1 + c.random.IntN(300) {
			if ctx.Err() != nil || !c.call(ctx) {
				break
			}
		}
		_ = c.client.Close() // it may be broken
		c.subscriptions = nil
	}
}

// call makes one call, and reports whether the connection is still good.
func (c *caller) call(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	short := c.random.IntN(10) == 0
	switch {
	case short && c.random.IntN(2) == 0:
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.random.IntN(20_000))*time.Microsecond)
		defer cancel()
	case short:
		stop := time.AfterFunc(time.Duration(c.random.IntN(20_000))*time.Microsecond, cancel)
		defer stop.Stop()
	}
	what, err := c.any(ctx)
	if err == nil {
		c.storm.calls.add("ok")
		return true
	}
	code := protocol.AsError(err).Code
	c.storm.calls.add(string(code))
	switch code {
	case protocol.Internal, protocol.Deserialization, protocol.Serialization, protocol.MethodNotFound, protocol.InvalidRequest:
		c.storm.problems.add(string(code), "%s by the %s daemon: %v", what, c.daemon.name, err)
	case protocol.DeadlineExceeded:
		if !short {
			c.storm.problems.add("no answer", "%s by the %s daemon within %s: %v", what, c.daemon.name, answerTime, err)
		}
	case protocol.ConnectionFailed, protocol.ReadError, protocol.WriteError, protocol.CoreUnavailable:
		return false
	}
	return true
}

// any makes a call of any kind, and returns which.
func (c *caller) any(ctx context.Context) (what string, err error) {
	in, inSame := client.InLibrary(one(c.random, c.libraries).ID), client.InLibrary(c.library.ID)
	switch n := c.random.IntN(100); {
	case n < 12 || len(c.libraries) == 0:
		var out api.Libraries
		out, err = client.Call(ctx, c.client, api.LibrariesList, api.Empty{})
		c.libraries = out.Libraries
		if err == nil && len(c.libraries) < maxLibraries {
			return c.create(ctx)
		}
		return "libraries.list", err
	case n < 15:
		return c.create(ctx)
	case n < 18:
		_, err = client.Call(ctx, c.client, api.LibrariesRename, api.LibraryRenameInput{NewName: c.libraryName()}, in)
		return "libraries.rename", err
	case n < 19:
		_, err = client.Call(ctx, c.client, api.LibrariesDelete, api.LibraryDeleteInput{DeleteData: c.random.IntN(2) == 0}, in)
		return "libraries.delete", err
	case n < 25:
		_, err = client.Call(ctx, c.client, api.LibrariesInfo, api.Empty{}, in)
		return "libraries.info", err
	case n < 33:
		mode := []api.IndexMode{api.Shallow, api.Content}[c.random.IntN(2)]
		_, err = client.Call(ctx, c.client, api.LocationsAdd, api.LocationAddInput{Path: c.folder(), Mode: mode}, in)
		return "locations.add", err
	case n < 35:
		_, err = client.Call(ctx, c.client, api.LocationsRemove, api.LocationRemoveInput{LocationID: one(c.random, c.locations).ID}, inSame)
		return "locations.remove", err
	case n < 43:
		input := api.LocationRescanInput{LocationID: one(c.random, c.locations).ID, FullRescan: c.random.IntN(4) == 0}
		_, err = client.Call(ctx, c.client, api.LocationsRescan, input, inSame)
		return "locations.rescan", err
	case n < 53:
		c.library = one(c.random, c.libraries)
		var out api.Locations
		out, err = client.Call(ctx, c.client, api.LocationsList, api.LocationListInput{}, client.InLibrary(c.library.ID))
		c.locations = out.Locations
		return "locations.list", err
	case n < 60:
		return "jobs.list", c.listJobs(ctx)
	case n < 64:
		_, err = client.Call(ctx, c.client, api.JobsInfo, api.JobInfoInput{JobID: one(c.random, c.jobs).ID})
		return "jobs.info", err
	case n < 74:
		change := one(c.random, []protocol.Operation[api.JobInput, api.Job]{api.JobsPause, api.JobsResume, api.JobsResume, api.JobsCancel})
		_, err = client.Call(ctx, c.client, change, api.JobInput{JobID: one(c.random, c.jobs).ID})
		return change.Name, err
	case n < 77:
		_, err = client.Call(ctx, c.client, api.CoreStatus, api.Empty{})
		return "core.status", err
	case n < 83:
		return "subscribe", c.subscribe(ctx)
	case n < 88:
		return "entries.info", c.entriesInfo(ctx)
	default:
		query := one(c.random, []string{"", "file", "folder 3", "sub 1", "file 12", "moved", "no such name"})
		input := api.SearchInput{Query: query, Sort: one(c.random, []string{"relevance", "name", "size", "modified"}), Page: api.Page{Limit: 1 + c.random.IntN(500)}}
		if c.random.IntN(3) == 0 {
			input.Scope.Path = c.folder()
		}
		c.searched = one(c.random, c.libraries).ID
		var out api.SearchResult
		out, err = client.Call(ctx, c.client, api.SearchFiles, input, client.InLibrary(c.searched))
		c.found = nil
		for _, hit := range out.Hits {
			c.found = append(c.found, hit.Entry.ID)
		}
		return "search.files", err
	}
}

// listJobs lists the instance's jobs, or a library's, or some by their ids.
func (c *caller) listJobs(ctx context.Context) error {
	input := api.JobListInput{Page: api.Page{Limit: 20}}
	var options []client.CallOption
	switch c.random.IntN(4) {
	case 0:
		options = append(options, client.InLibrary(one(c.random, c.libraries).ID))
	case 1:
		for _, j := range c.jobs {
			input.IDs = append(input.IDs, j.ID)
		}
		out, err := client.Call(ctx, c.client, api.JobsList, input)
		if len(out.Jobs) > len(input.IDs) && len(input.IDs) > 0 {
			c.storm.problems.add("wrong list", "jobs.list of %d ids has %d jobs", len(input.IDs), len(out.Jobs))
		}
		return err
	}
	out, err := client.Call(ctx, c.client, api.JobsList, input, options...)
	c.jobs = out.Jobs
	return err
}

// entriesInfo asks for what the last search found, or for some paths, and checks
// that the answer has them in that order.
func (c *caller) entriesInfo(ctx context.Context) error {
	input := api.EntriesInfoInput{IDs: c.found}
	if len(c.found) == 0 || c.random.IntN(2) == 0 {
		input.IDs = nil
		for range 1 + c.random.IntN(20) {
			input.Paths = append(input.Paths, c.folder(), api.Path(one(c.random, c.storm.trees).name(c.random)))
		}
	}
	out, err := client.Call(ctx, c.client, api.EntriesInfo, input, client.InLibrary(c.searched))
	if err != nil {
		return err
	}
	if len(out.Entries) != len(input.IDs)+len(input.Paths) {
		c.storm.problems.add("wrong entries", "entries.info of %d ids and %d paths has %d entries", len(input.IDs), len(input.Paths), len(out.Entries))
		return nil
	}
	for i, e := range out.Entries {
		switch {
		case e == nil: // it is not indexed, or no longer
		case input.IDs != nil && e.ID != input.IDs[i]:
			c.storm.problems.add("wrong entries", "entries.info of %s is %s", input.IDs[i], e.ID)
		case input.Paths != nil && e.Path != input.Paths[i]:
			c.storm.problems.add("wrong entries", "entries.info of %s is %s", input.Paths[i], e.Path)
		}
	}
	return nil
}

// create makes a library: in the data folder, on the small disk, or where both
// daemons look for one.
func (c *caller) create(ctx context.Context) (string, error) {
	input := api.LibraryCreateInput{Name: c.libraryName()}
	switch n := c.random.IntN(4); {
	case n == 0:
		input.Path = api.Path(filepath.Join(c.storm.dir, "shared", fmt.Sprint(c.random.IntN(2))))
	case n == 1 && c.storm.small != "":
		input.Path = api.Path(filepath.Join(c.storm.small, fmt.Sprint(c.random.IntN(2))))
	}
	_, err := client.Call(ctx, c.client, api.LibrariesCreate, input)
	return "libraries.create", err
}

// subscribe makes a subscription, or reads from one and ends it.
func (c *caller) subscribe(ctx context.Context) error {
	if len(c.subscriptions) < maxSubscriptions && c.random.IntN(2) == 0 {
		req := protocol.SubscribeRequest{HeartbeatMS: uint64(c.random.IntN(2) * 100)}
		if c.random.IntN(3) == 0 {
			req.EventTypes, req.Tail = []protocol.EventType{api.LogMessage.Type}, 10
		}
		sub, err := c.client.Subscribe(ctx, req, client.WithoutResume())
		if err == nil {
			c.subscriptions = append(c.subscriptions, sub)
		}
		return err
	}
	if len(c.subscriptions) == 0 {
		return nil
	}
	i := c.random.IntN(len(c.subscriptions))
	sub := c.subscriptions[i]
	few, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	for range 200 {
		if _, err := sub.Next(few); err != nil {
			break // none has come, or the connection is gone, which the next call sees
		}
	}
	if c.random.IntN(2) == 0 {
		c.subscriptions = append(c.subscriptions[:i], c.subscriptions[i+1:]...)
		return sub.Close()
	}
	return nil
}

func (c *caller) libraryName() string {
	return fmt.Sprintf("Library %d", c.random.IntN(2*maxLibraries))
}

// folder draws a tree's root, or a folder in it.
func (c *caller) folder() api.Path {
	t := one(c.random, c.storm.trees)
	if c.random.IntN(4) == 0 {
		return api.Path(filepath.Dir(filepath.Dir(t.name(c.random))))
	}
	return api.Path(t.root)
}

// one draws one of all, the zero value where there are none.
func one[T any](random *rand.Rand, all []T) (drawn T) {
	if len(all) > 0 {
		drawn = all[random.IntN(len(all))]
	}
	return drawn
}
