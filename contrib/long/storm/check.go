//go:build linux

package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// jobsTime is how long the jobs that a round has left may take.
const jobsTime = 3 * time.Minute

// check looks, with nothing else going on, at what a round has left.
func (s *storm) check(ctx context.Context) {
	s.calm()
	for _, d := range []*daemon{s.first, s.second} {
		if err := s.checkDaemon(ctx, d); err != nil && ctx.Err() == nil {
			s.problems.add("check", "of the %s daemon: %v\n%s", d.name, err, d.tail())
		}
		d.scan()
	}
	if s.small != "" { // small again for the next round, as far as what it holds allows
		_ = syscall.Mount("", s.small, "", syscall.MS_REMOUNT, "size=3m")
	}
}

func (s *storm) checkDaemon(ctx context.Context, d *daemon) error {
	ctx, cancel := context.WithTimeout(ctx, 2*jobsTime)
	defer cancel()
	c, err := d.dial(ctx, protocol.CBOR)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.settle(ctx, c); err != nil {
		return err
	}
	libraries, err := client.Call(ctx, c, api.LibrariesList, api.Empty{})
	if err != nil {
		return err
	}
	for _, l := range libraries.Libraries {
		if l.State != "open" {
			continue // the other daemon has it, or it was on a disk that is gone
		}
		if err := s.checkLibrary(ctx, c, l); err != nil {
			return fmt.Errorf("library %s: %w", l.Path, err)
		}
	}
	return nil
}

// settle waits until no job is queued or running, and cancels those paused.
func (s *storm) settle(ctx context.Context, c *client.Client) error {
	end := time.Now().Add(jobsTime)
	for {
		var busy []api.Job
		for _, status := range []api.JobStatus{api.JobRunning, api.JobQueued, api.JobPaused} {
			jobs, err := client.Call(ctx, c, api.JobsList, api.JobListInput{Status: status})
			if err != nil {
				return err
			}
			busy = append(busy, jobs.Jobs...)
		}
		if len(busy) == 0 {
			return nil
		}
		for _, j := range busy {
			if j.Status == api.JobPaused {
				if _, err := client.Call(ctx, c, api.JobsCancel, api.JobInput{JobID: j.ID}); err != nil && !protocol.HasCode(err, protocol.NotFound) {
					return fmt.Errorf("cancel a paused job: %w", err)
				}
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d jobs have come to no end after %s, such as %+v", len(busy), jobsTime, busy[0])
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// checkLibrary rescans each location and compares what it counts with the tree.
func (s *storm) checkLibrary(ctx context.Context, c *client.Client, l api.Library) error {
	in := client.InLibrary(l.ID)
	before, err := client.Call(ctx, c, api.LocationsList, api.LocationListInput{}, in)
	if err != nil {
		return err
	}
	for _, loc := range before.Locations {
		if _, err := client.Call(ctx, c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID, FullRescan: true}, in); err != nil {
			return fmt.Errorf("rescan %s: %w", loc.Path, err)
		}
	}
	if err := s.settle(ctx, c); err != nil {
		return err
	}
	after, err := client.Call(ctx, c, api.LocationsList, api.LocationListInput{}, in)
	if err != nil {
		return err
	}
	var sum int64
	for _, loc := range after.Locations {
		if loc.State == api.Offline { // its folder was moved or deleted
			sum += loc.Files + loc.Folders
			continue
		}
		files, folders, err := (&tree{root: string(loc.Path)}).count()
		if err != nil {
			return err
		}
		if loc.Files != files || loc.Folders != folders {
			s.problems.add("wrong count", "library %s, location %s: %d files and %d folders; on the disk %d and %d",
				l.Path, loc.Path, loc.Files, loc.Folders, files, folders)
		}
		s.compared++
		sum += loc.Files + loc.Folders
	}
	found, err := client.Call(ctx, c, api.SearchFiles, api.SearchInput{Filters: api.SearchFilters{IncludeHidden: true}, Page: api.Page{Limit: 1}}, in)
	if err != nil {
		return err
	}
	if found.Total != sum && found.Total != sum+int64(len(after.Locations)) { // with the roots
		s.problems.add("wrong total", "library %s: a search for everything finds %d, its locations count %d", l.Path, found.Total, sum)
	}
	jobs, err := client.Call(ctx, c, api.JobsList, api.JobListInput{Status: api.JobFailed, Page: api.Page{Limit: 1000}}, in)
	if err != nil {
		return err
	}
	for _, j := range jobs.Jobs {
		if j.Error != nil && j.Error.Code == protocol.Internal {
			s.problems.add("internal job", "%s: %v", j.ID, j.Error)
		}
	}
	return nil
}
