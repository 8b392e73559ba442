package job

import (
	"path/filepath"

	"github.com/spacedrive-go/spacedrive/protocol"
	"github.com/spacedrive-go/spacedrive/service/mounts"
)

// A Claim names something that a job uses while it runs: the entries of a
// location, a volume, or a path. Two jobs do not run at once if one writes what
// the other uses.
type Claim struct {
	// Location is the location whose entries the job uses.
	Location protocol.ID `json:"location,omitzero"`
	// Volume is the identity of a file system that the job uses as a whole.
	Volume string `json:"volume,omitzero"`
	// Path is an absolute path, of a file or of a folder with everything below
	// it. Beside a Location or a Volume it only says which disk the job uses.
	Path  protocol.Path `json:"path,omitzero"`
	Write bool          `json:"write,omitzero"`
}

// conflicts reports whether two jobs with these claims must not run at once.
// Claims of files and of a location's entries never conflict: a copy into a
// location runs beside the location's scan.
func (c Claim) conflicts(d Claim) bool {
	switch {
	case !c.Write && !d.Write:
		return false
	case c.Location != protocol.ID{} || d.Location != protocol.ID{}:
		return c.Location == d.Location
	case c.Volume != "" || d.Volume != "":
		return c.Volume == d.Volume
	}
	return c.Path.Contains(d.Path) || d.Path.Contains(c.Path)
}

// conflict returns the first claim of j that conflicts with one of k's.
func conflict(j, k *job) (Claim, bool) {
	for _, c := range j.claims {
		for _, d := range k.claims {
			if c.conflicts(d) {
				return c, true
			}
		}
	}
	return Claim{}, false
}

// clean returns claims whose paths can be compared.
func clean(claims []Claim) []Claim {
	all := make([]Claim, len(claims))
	for i, c := range claims {
		if c.Path != "" {
			c.Path = protocol.Path(filepath.Clean(string(c.Path)))
		}
		all[i] = c
	}
	return all
}

// How many jobs run on one disk at once. A spinning disk gets one, because two
// spend most of their time seeking. Flash is fastest with several requests in
// flight, and one job alone makes too few; more than four gain nothing and slow
// each other down. A file server gets two, which hide the network's latency and
// leave room for its other clients.
const (
	onSpinning = 1
	onFlash    = 4
	onNetwork  = 2
)

// A disk is shared by the jobs that use it.
type disk struct {
	name  string
	path  protocol.Path // what the job uses there
	limit int           // jobs at once
}

// mounted returns the current mounts.
func (s *Service) mounted() *mounts.Table {
	table, err := s.mounts()
	if err != nil {
		s.log.Error().Err(err).Msg("cannot read which disks are mounted")
		return mounts.New()
	}
	return table
}

// disksOf returns the disks that claims are on. Jobs without paths share a disk
// without a name.
func disksOf(table *mounts.Table, claims []Claim) []disk {
	var all []disk
	seen := make(map[string]bool)
	for _, c := range claims {
		if c.Path == "" {
			continue
		}
		m := table.At(string(c.Path))
		d := disk{name: m.Disk(), path: c.Path, limit: onFlash}
		switch {
		case m.Network():
			d.limit = onNetwork
		case m.Rotational():
			d.limit = onSpinning
		}
		if !seen[d.name] {
			seen[d.name] = true
			all = append(all, d)
		}
	}
	if all == nil {
		all = []disk{{limit: onFlash}}
	}
	return all
}
