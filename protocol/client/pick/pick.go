// Package pick finds the library, the location or the job that a person means:
// by name, by path, by id, or by the beginning of an id.
package pick

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client"
)

// Library returns the library with this name or id.
func Library(ctx context.Context, c *client.Client, word string, options ...client.CallOption) (api.Library, error) {
	libs, err := client.Call(ctx, c, api.LibrariesList, api.Empty{}, options...)
	if err != nil {
		return api.Library{}, err
	}
	return One("library", word, libs.Libraries, func(l api.Library) (protocol.ID, []string) {
		return l.ID, []string{l.Name}
	})
}

// Location returns the location of a library with this path, name or id. A word
// with a slash in it is a path first, from the working directory where it is
// relative.
func Location(ctx context.Context, c *client.Client, word string, options ...client.CallOption) (api.Location, error) {
	all, err := Locations(ctx, c, options...)
	if err != nil {
		return api.Location{}, err
	}
	if strings.ContainsRune(word, '/') || word == "." || word == ".." {
		if abs, err := filepath.Abs(word); err == nil {
			real, err := filepath.EvalSymlinks(abs)
			for _, l := range all {
				if l.Path == protocol.Path(abs) || err == nil && l.Path == protocol.Path(real) {
					return l, nil
				}
			}
		}
	}
	return One("location", word, all, func(l api.Location) (protocol.ID, []string) {
		return l.ID, []string{l.Name, string(l.Path)}
	})
}

// Locations returns all locations of a library.
func Locations(ctx context.Context, c *client.Client, options ...client.CallOption) ([]api.Location, error) {
	return pages(func(cursor string) ([]api.Location, string, error) {
		page, err := client.Call(ctx, c, api.LocationsList, api.LocationListInput{Page: api.Page{Limit: api.MaxLimit, Cursor: cursor}}, options...)
		return page.Locations, page.NextCursor, err
	})
}

// pages returns the things of all pages.
func pages[T any](get func(cursor string) (page []T, next string, err error)) (all []T, err error) {
	for cursor := ""; ; {
		page, next, err := get(cursor)
		if all = append(all, page...); err != nil || next == "" {
			return all, err
		}
		cursor = next
	}
}

// Job returns the id of the job of a library whose id begins with word. It does
// not ask where word is a whole id.
func Job(ctx context.Context, c *client.Client, word string, options ...client.CallOption) (protocol.ID, error) {
	if id, err := protocol.ParseID(word); err == nil {
		return id, nil
	}
	all, err := pages(func(cursor string) ([]api.Job, string, error) {
		page, err := client.Call(ctx, c, api.JobsList, api.JobListInput{Page: api.Page{Limit: api.MaxLimit, Cursor: cursor}}, options...)
		return page.Jobs, page.NextCursor, err
	})
	if err != nil {
		return protocol.ID{}, err
	}
	job, err := One("job", word, all, func(j api.Job) (protocol.ID, []string) { return j.ID, nil })
	return job.ID, err
}
