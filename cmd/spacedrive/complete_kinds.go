package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/protocol/api"
	"github.com/spacedrive-go/spacedrive/protocol/client/human"
)

// A candidate is a word that fits where the cursor is.
type candidate struct{ word, about string }

// candidates returns the words of a kind, as the tag complete in the grammar names
// it.
func (a *app) candidates(kind string) ([]candidate, error) {
	switch kind { // kinds that are the same for every daemon of this release
	case "event-types":
		var all []candidate
		for _, t := range protocol.EventTypes {
			if spec := t.Spec(); spec.Data != nil { // otherwise nothing publishes it yet
				all = append(all, candidate{string(t), spec.Help})
			}
		}
		return all, nil
	case "commands":
		var all []candidate
		for _, c := range model().Children {
			if !c.Hidden {
				all = append(all, candidate{c.Name, c.Help})
			}
		}
		return all, nil
	}
	if err := a.connectRunning(); err != nil {
		return nil, err
	}
	switch kind {
	case "libraries":
		libs, err := invoke(a, api.LibrariesList, api.Empty{})
		return candidatesOf(libs.Libraries, func(l api.Library) candidate { return candidate{l.Name, string(l.Path)} }), err
	case "locations":
		return a.locationNames()
	case "kinds":
		return a.kindNames()
	case "instances":
		status, err := invoke(a, api.CoreStatus, api.Empty{})
		return candidatesOf(status.Instances, func(i api.InstanceStatus) candidate { return candidate{i.Name, i.State} }), err
	case "methods":
		methods, err := invoke(a, api.CoreMethods, api.MethodsInput{})
		return candidatesOf(methods.Methods, func(m api.Method) candidate { return candidate{m.Name, m.Help} }), err
	case "jobs":
		return a.jobIDs(api.JobStatuses...)
	case "jobs-active":
		return a.jobIDs(api.JobQueued, api.JobRunning)
	case "jobs-paused":
		return a.jobIDs(api.JobPaused)
	case "jobs-unfinished":
		return a.jobIDs(api.JobQueued, api.JobRunning, api.JobPaused)
	}
	return nil, nil
}

func candidatesOf[T any](things []T, one func(T) candidate) []candidate {
	all := make([]candidate, len(things))
	for i, thing := range things {
		all[i] = one(thing)
	}
	return all
}

// locationNames returns the locations' names, or the id where several have the
// name or it cannot be typed.
func (a *app) locationNames() ([]candidate, error) {
	locations, err := a.locations()
	count := make(map[string]int)
	for _, l := range locations {
		count[strings.ToLower(l.Name)]++
	}
	return candidatesOf(locations, func(l api.Location) candidate {
		word := l.Name
		if count[strings.ToLower(word)] > 1 || !human.IsClean(word) || strings.HasPrefix(word, "-") {
			word = l.ID.String()
		}
		return candidate{word, string(l.Path)}
	}), err
}

func (a *app) kindNames() ([]candidate, error) {
	info, err := invoke(a, api.LibrariesInfo, api.Empty{})
	all := []candidate{{"folder", human.Plural(info.Statistics.Folders, "folder", "folders")}}
	for _, kind := range slices.Sorted(maps.Keys(info.Statistics.Kinds)) {
		all = append(all, candidate{kind, human.Plural(info.Statistics.Kinds[kind].Files, "file", "files")})
	}
	return all, err
}

// jobIDs returns the ids of the newest jobs that are in one of these states.
func (a *app) jobIDs(states ...api.JobStatus) ([]candidate, error) {
	page, err := invoke(a, api.JobsList, api.JobListInput{Page: api.Page{Limit: api.DefaultLimit}})
	if err != nil {
		return nil, err
	}
	names := make(map[protocol.ID]string)
	if locations, err := a.locations(); err == nil {
		for _, l := range locations {
			names[l.ID] = " of " + l.Name
		}
	}
	var all []candidate
	for _, j := range page.Jobs {
		if slices.Contains(states, j.Status) {
			all = append(all, candidate{j.ID.String(), j.Kind + names[j.LocationID] + ", " + string(j.Status) + ", " + human.Time(j.CreatedAt)})
		}
	}
	return all, nil
}
