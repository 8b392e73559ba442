package packaging

import "bytes"

// installedBy is how each file that Install writes begins, behind what has to
// come first in its kind of file; by it Install and Uninstall know their own.
const installedBy = `Written by "spacedrive service install", which overwrites it`

// writtenBy tells the reader of a file where it comes from.
func (o Options) writtenBy() string {
	if o.Packaged {
		return "Part of the spacedrive package"
	}
	return installedBy
}

// ours reports whether Install wrote a file.
func ours(content []byte) bool {
	const head = 512 // bytes; the words stand in one of the first lines
	return bytes.Contains(content[:min(len(content), head)], []byte(installedBy))
}
