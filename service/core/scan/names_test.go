package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestNamesAreSortedInRuns: runs are merged, whether they end with the folder or
// not.
func TestNamesAreSortedInRuns(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for n := range 4000 {
		name := fmt.Sprintf("%d\n\xff", n*7919%4001)
		want = append(want, name)
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	for _, run := range []int{1, 2500, 4000, 4001} {
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := sortNames(int(f.Fd()), run)
		if err != nil {
			t.Fatal(err)
		}
		if spilled := s.file != nil; spilled != (run <= len(want)) {
			t.Errorf("runs of %d: spilled is %v", run, spilled)
		}
		var got []string
		for more := true; more; {
			page, err := s.next(300)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			more = len(page) > 0
		}
		s.close()
		f.Close()
		if !slices.Equal(got, want) {
			t.Errorf("runs of %d: %d names, want %d in order", run, len(got), len(want))
		}
	}
}
