package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// What a home folder looks like: a dozen files to a folder on average, most
// folders with few and some with hundreds, up to nine levels deep.
const (
	filesPerFolder = 12
	deepest        = 9
	longestContent = 64 // bytes; contents are not what is measured
)

var (
	treeWords = strings.Fields(`report draft holiday invoice kitchen notes final scan music backup summer
		letter index test handler service client photo contract plan budget recipe lecture chapter window module`)
	treeExtensions = strings.Fields(`jpg jpg jpg png pdf txt md go go js ts json html css c h py mp3 mp4 docx xlsx zip gz log yaml`)
)

// makeTree makes a tree of so many files, the same for the same number.
func makeTree(ctx context.Context, root string, files int) error {
	rng := rand.New(rand.NewPCG(1, uint64(files)))
	type folder struct {
		path  string
		depth int
	}
	folders := []folder{{root, 0}}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	for i := range files / filesPerFolder {
		parent := folders[rng.IntN(len(folders))]
		if parent.depth == deepest {
			parent = folders[0]
		}
		path := filepath.Join(parent.path, treeName(rng, i))
		if err := os.Mkdir(path, 0o755); err != nil {
			return err
		}
		folders = append(folders, folder{path, parent.depth + 1})
	}
	content := make([]byte, longestContent)
	for i := 0; i < files; {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := folders[rng.IntN(len(folders))]
		// The exponential distribution: many folders of few, few of many.
		n := min(int(rng.ExpFloat64()*filesPerFolder)+1, files-i)
		for range n {
			name := treeName(rng, i) + "." + treeExtensions[rng.IntN(len(treeExtensions))]
			if err := os.WriteFile(filepath.Join(in.path, name), content[:rng.IntN(longestContent)], 0o644); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}

// treeName returns a name of 4 to some 40 bytes, no two alike for different i.
func treeName(rng *rand.Rand, i int) string {
	var words []string
	for range 1 + rng.IntN(4) {
		words = append(words, treeWords[rng.IntN(len(treeWords))])
	}
	return fmt.Sprintf("%s %05x", strings.Join(words, []string{" ", "-", "_"}[rng.IntN(3)]), i)
}
