package scan

import (
	"strings"

	"github.com/spacedrive-go/spacedrive/service/core/entries"
)

// differences are what a folder holds that the index does not have so.
type differences struct {
	inserts  []entries.Entry // names that are new
	updates  []difference    // the same objects with other attributes
	replaced []difference    // names that stand for another object now
	absent   []entries.Entry // names that are not there
}

// A difference is between an entry and what was found under its name.
type difference struct {
	was, now entries.Entry
	keep     bool // the content is what it was
	quiet    bool // nothing that a user would call a change
}

// compare goes through what is in a folder, or a page of it, and what the index
// has there, both by name. It keeps children where nothing is known.
func (f *found) compare(children, known []entries.Entry, full bool) {
	if len(known) == 0 {
		for i := range children {
			f.see(&children[i], 0)
		}
		f.inserts = children
		return
	}
	for len(children) > 0 || len(known) > 0 {
		order := 0
		switch {
		case len(known) == 0:
			order = -1
		case len(children) == 0:
			order = 1
		default:
			order = strings.Compare(children[0].Name, known[0].Name)
		}
		switch {
		case order < 0:
			f.see(&children[0], 0)
			f.inserts = append(f.inserts, children[0])
			children = children[1:]
		case order > 0:
			if _, there := f.missing[known[0].Name]; !there {
				f.absent = append(f.absent, known[0])
			}
			known = known[1:]
		default:
			f.compareOne(&known[0], &children[0], full)
			children, known = children[1:], known[1:]
		}
	}
}

// see counts what was found, and notes folders.
func (f *found) see(e *entries.Entry, id int64) {
	f.seen++
	f.seenBytes += e.Size
	if e.Kind == entries.Folder {
		sub := subfolder{Entry: *e}
		sub.ID = id
		f.folders = append(f.folders, sub)
	}
}

func (f *found) compareOne(was, now *entries.Entry, full bool) {
	mounted := now.Flags&entries.Mount != 0
	now.Flags |= was.Flags & entries.Mount // one whose file system is away still is one
	f.see(now, was.ID)
	same := was.SameObject(&now.Attributes)
	if !same && was.Flags&entries.Mount != 0 && now.Kind == entries.Folder {
		// Another file system, or none, is mounted there; to a user it is the
		// same folder. Where none is, what is known of the one that was is
		// kept until a full scan.
		if !mounted && !full {
			return
		}
		same = true
	}
	if !same || (was.Kind == entries.Folder) != (now.Kind == entries.Folder) {
		f.replaced = append(f.replaced, difference{was: *was, now: *now})
		return
	}
	keep := settleKind(was, &now.Attributes, full)
	if was.Attributes == now.Attributes {
		return
	}
	now.ID = was.ID
	f.updates = append(f.updates, difference{was: *was, now: *now, keep: keep, quiet: sameToUsers(&was.Attributes, &now.Attributes)})
}

// settleKind gives a file whose content did not change the kind that it has in
// the index, by its content or by an older table of names. It reports whether
// the content did not change: a time of change that is not known yet, as in
// entries of older versions, says nothing.
func settleKind(was *entries.Entry, now *entries.Attributes, full bool) (same bool) {
	same = was.Size == now.Size && was.Modified == now.Modified && (was.Changed == now.Changed || was.Inode == 0)
	if same && (was.Hashed || !full) {
		keepKind(was, now)
	}
	return same
}

// keepKind gives a regular file that still is one the kind that it has.
func keepKind(was *entries.Entry, now *entries.Attributes) {
	if was.Kind.Regular() && now.Kind.Regular() {
		now.Kind = was.Kind
	}
}

// sameToUsers reports whether entries differ only in what file systems change by
// themselves, in a folder's rights, or in what an older version did not record.
// A file's time of change counts: it may have been written, and its time of
// modification put back.
func sameToUsers(was, now *entries.Attributes) bool {
	a, b := *was, *now
	a.Blocks, a.Flags, a.Device = b.Blocks, b.Flags, b.Device
	if a.Inode == 0 || !a.Kind.Regular() {
		a.Changed = b.Changed
	}
	if a.Inode == 0 {
		a.Inode = b.Inode
	}
	return a == b
}
