package scan

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spacedrive-go/spacedrive/service/core/disk"
)

// runNames is how many of a folder's names are sorted in memory.
const runNames = 64 << 10

// sortedNames are the names in a folder, in order. Where they are more than one
// run, all are in a file that has no name, in runs that are merged when they
// are read.
type sortedNames struct {
	file *os.File
	runs []*nameRun
	name string // the last that next returned
}

// A nameRun is a part of the names, in order.
type nameRun struct {
	memory []string
	in     *bufio.Reader
	head   string
	ok     bool // whether head is set
}

// sortNames reads all names in an open folder, and sorts about runNames of them
// in memory.
func sortNames(fd, runNames int) (*sortedNames, error) {
	s := &sortedNames{}
	offset := int64(0)
	for {
		names, err := disk.ReadNames(fd, runNames)
		if err != nil {
			s.close()
			return nil, err
		}
		last := len(names) < runNames
		slices.Sort(names)
		r := &nameRun{memory: names}
		if !last || s.file != nil {
			if r, err = s.spill(names, &offset); err != nil {
				s.close()
				return nil, err
			}
		}
		s.runs = append(s.runs, r)
		if last {
			break
		}
	}
	for _, r := range s.runs {
		if err := r.advance(); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// spill writes names to the file.
func (s *sortedNames) spill(names []string, offset *int64) (*nameRun, error) {
	if s.file == nil {
		f, err := os.CreateTemp("", "spacedrive-names-*")
		if err != nil {
			return nil, fmt.Errorf("sort the names in a big folder: %w", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return nil, err
		}
	}
	out := bufio.NewWriter(io.NewOffsetWriter(s.file, *offset))
	var length [binary.MaxVarintLen64]byte
	size := int64(0)
	for _, name := range names {
		n := binary.PutUvarint(length[:], uint64(len(name)))
		size += int64(n + len(name))
		if _, err := out.Write(length[:n]); err != nil {
			return nil, err
		}
		if _, err := out.WriteString(name); err != nil {
			return nil, err
		}
	}
	if err := out.Flush(); err != nil {
		return nil, fmt.Errorf("sort the names in a big folder: %w", err)
	}
	r := &nameRun{in: bufio.NewReader(io.NewSectionReader(s.file, *offset, size))}
	*offset += size
	return r, nil
}

func (r *nameRun) advance() error {
	if r.in == nil {
		if r.ok = len(r.memory) > 0; r.ok {
			r.head, r.memory = r.memory[0], r.memory[1:]
		}
		return nil
	}
	length, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		r.ok = false
		return nil
	}
	if err != nil {
		return err
	}
	name := make([]byte, length)
	if _, err := io.ReadFull(r.in, name); err != nil {
		return err
	}
	r.head, r.ok = string(name), true
	return nil
}

// next returns up to n further names, none twice: a folder that changes while
// it is read may list one again.
func (s *sortedNames) next(n int) (names []string, err error) {
	for len(names) < n {
		var least *nameRun
		for _, r := range s.runs {
			if r.ok && (least == nil || r.head < least.head) {
				least = r
			}
		}
		if least == nil {
			return names, nil
		}
		if least.head != s.name {
			names = append(names, least.head)
		}
		s.name = least.head
		if err := least.advance(); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func (s *sortedNames) close() {
	if s.file != nil {
		s.file.Close()
	}
}
