package core_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// BenchmarkIndex indexes a tree of 200,000 files in mode shallow; find's time
// for the same tree is reported beside it. BENCH_TREE names a tree to use
// instead.
func BenchmarkIndex(b *testing.B) {
	root := os.Getenv("BENCH_TREE")
	if root == "" {
		root = benchTree(b)
	}
	find := time.Duration(1 << 62)
	for range 3 {
		start := time.Now()
		cmd := exec.Command("find", root, "-printf", "%p %s %T@\n")
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		find = min(find, time.Since(start))
	}
	for b.Loop() {
		i := start(b)
		c := i.newLibrary("Bench")
		begin := time.Now()
		loc, out := add(c, root, api.Shallow)
		scan := time.Since(begin)
		begin = time.Now()
		rescan(c, loc.ID, false)
		again := time.Since(begin)
		begin = time.Now()
		call(c, api.SearchFiles, api.SearchInput{Query: "file 77"})
		search := time.Since(begin)
		i.close()
		b.ReportMetric(float64(out.Files), "files")
		b.ReportMetric(scan.Seconds(), "s/scan")
		b.ReportMetric(scan.Seconds()/find.Seconds(), "finds/scan")
		b.ReportMetric(again.Seconds()/find.Seconds(), "finds/rescan")
		b.ReportMetric(search.Seconds()*1000, "ms/search")
	}
}

func benchTree(b *testing.B) string {
	root := b.TempDir()
	for d := range 2000 {
		dir := filepath.Join(root, fmt.Sprintf("top-%02d/folder-%04d", d%50, d))
		must(b, os.MkdirAll(dir, 0o755))
		for f := range 100 {
			must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("file-%06d.txt", d*100+f)), nil, 0o644))
		}
	}
	return root
}
