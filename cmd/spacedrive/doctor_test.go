package main

import "testing"

func TestWhatPackagesBringIsTheirsToRemove(t *testing.T) {
	for path, want := range map[string]bool{
		"/usr/bin/spacedrived":                                true,
		"/bin/spacedrived":                                    true,
		"/opt/homebrew/bin/spacedrived":                       true,
		"/home/linuxbrew/Cellar/spacedrive/1/bin/spacedrived": true,
		"/usr/local/Cellar/spacedrive/1/bin/spacedrived":      true,
		"/nix/store/x/bin/spacedrived":                        true,
		"/usr/local/bin/spacedrived":                          false,
		"/home/ann/go/bin/spacedrived":                        false,
		"/usrlocal/spacedrived":                               false,
	} {
		if packaged(path) != want {
			t.Errorf("%s is taken for a package's: %v", path, !want)
		}
	}
}
