package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spacedrive-go/spacedrive/protocol/api"
)

// Tests on disks of their own, which take root.

func mount(t *testing.T, fstype, dir string) {
	t.Helper()
	if err := syscall.Mount(fstype, dir, fstype, 0, ""); err != nil {
		t.Skipf("MOUNTS ARE NOT TESTED: they take root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil && err != syscall.EINVAL {
			t.Error(err)
		}
	})
}

func TestUnmountedDiskIsOffline(t *testing.T) {
	root := t.TempDir()
	mount(t, "tmpfs", root)
	tree(t, root, "a.txt", "d/b.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)
	must(t, syscall.Unmount(root, 0))
	info := wait(c, call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID}).JobID)
	now := call(c, api.LocationsList, api.LocationListInput{}).Locations[0]
	if info.Status != api.JobFailed || now.State != api.Offline || now.Files != 2 {
		t.Errorf("the job: %s; the location: %+v", info.Status, now)
	}
}

func TestOtherFileSystems(t *testing.T) {
	root := tree(t, t.TempDir(), "proc/", "disk/", "a.txt")
	mount(t, "proc", filepath.Join(root, "proc"))
	mount(t, "tmpfs", filepath.Join(root, "disk"))
	tree(t, root, "disk/b.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, out := add(c, root, api.Shallow)
	if out.Files != 2 || out.Folders != 2 || out.Skipped != 1 {
		t.Errorf("output %+v", out)
	}
	if out := rescan(c, loc.ID, false); out.Created+out.Modified+out.Deleted != 0 || out.Skipped != 1 {
		t.Errorf("a rescan: %+v", out)
	}
}

// TestDiskBelowTheRoot takes a disk away that is mounted inside of a location.
func TestDiskBelowTheRoot(t *testing.T) {
	root := tree(t, t.TempDir(), "a.txt", "disk/")
	disk := filepath.Join(root, "disk")
	mount(t, "tmpfs", disk)
	tree(t, root, "disk/b.txt", "disk/sub/c.txt")
	i := start(t)
	c := i.newLibrary("Home")
	loc, _ := add(c, root, api.Shallow)

	must(t, syscall.Unmount(disk, 0))
	for range 2 { // what is kept once is kept
		info := wait(c, call(c, api.LocationsRescan, api.LocationRescanInput{LocationID: loc.ID}).JobID)
		var out api.IndexOutput
		must(t, info.Output.Decode(&out))
		if out.Files != 3 || out.Deleted != 0 || info.Warnings != 1 || info.WarningList[0].Path != api.Path(disk) {
			t.Errorf("without the disk: %+v, warnings %+v", out, info.WarningList)
		}
	}
	if out := rescanParts(c, "", filepath.Join(disk, "sub")); out.Deleted != 0 || out.Files != 1 {
		t.Errorf("a part of it without the disk: %+v", out)
	}
	mount(t, "tmpfs", disk)
	tree(t, root, "disk/b.txt")
	if out := rescan(c, loc.ID, false); out.Files != 2 || out.Deleted != 2 {
		t.Errorf("with the disk again, and less on it: %+v", out)
	}
	must(t, syscall.Unmount(disk, 0))
	if out := rescan(c, loc.ID, true); out.Files != 1 || out.Deleted != 1 {
		t.Errorf("a full rescan without the disk: %+v", out)
	}
}

// TestFullDisk indexes into a library on a small disk.
func TestFullDisk(t *testing.T) {
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("THE FULL DISK IS NOT TESTED: mounting a tmpfs takes root: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(small, 0)) })
	i := start(t)
	t.Cleanup(i.close) // before the disk goes
	lib, err := create(i, "Small", filepath.Join(small, "lib"))
	must(t, err)
	c := i.in(lib.ID)
	root := tree(t, t.TempDir(), numbered("d/a file with a long name, so that the disk is soon full %d.txt", 6000)...)
	added := call(c, api.LocationsAdd, api.LocationAddInput{Path: api.Path(root)})
	info := wait(c, added.JobID)
	if info.Status != api.JobPaused || info.Error == nil || !strings.Contains(info.Error.Message, "no space left on device") ||
		info.Error.Hint != "free some space, then: spacedrive job resume "+added.JobID.String() {
		t.Fatalf("the job is %s: %v", info.Status, info.Error)
	}
	call(c, api.LibrariesInfo, api.Empty{}) // the library is readable
	must(t, syscall.Mount("", small, "", syscall.MS_REMOUNT, "size=64m"))
	call(c, api.JobsResume, api.JobInput{JobID: added.JobID})
	if out := output(c, added.JobID); out.Files != 6000 || out.Created != 6001 {
		t.Errorf("output %+v", out)
	}
	compareWithFreshAs(t, root, string(lib.Path), api.Shallow)
}

// TestARenameOnAFullDiskTakesEffectOrNot leaves one page more at each try.
func TestARenameOnAFullDiskTakesEffectOrNot(t *testing.T) {
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(small, 0)) })
	i := startIn(t, filepath.Join(small, "data"))
	t.Cleanup(i.close) // before the disk goes
	c := i.newLibrary("Home")
	page := os.Getpagesize()
	failed := 0
	for left := range 12 {
		ballast, err := os.Create(filepath.Join(small, "ballast"))
		must(t, err)
		size := int64(0)
		for err == nil {
			var n int
			n, err = ballast.Write(make([]byte, page))
			size += int64(n)
		}
		must(t, ballast.Truncate(size/int64(page)*int64(page)-int64(left*page)))
		must(t, ballast.Close())
		before, name := names(i)[0], numbered("a new name %d", 12)[left]
		_, err = try(c, api.LibrariesRename, api.LibraryRenameInput{NewName: name})
		now := names(i)[0]
		if err != nil {
			failed++
			if now != before {
				t.Errorf("with %d pages left: %v; the library is %q, before %q", left, err, now, before)
			}
		}
		must(t, os.Remove(ballast.Name()))
		i.close()
		must(t, i.core.Open(t.Context()))
		if again := names(i)[0]; again != now {
			t.Errorf("with %d pages left: after a restart it is %q, before %q", left, again, now)
		}
	}
	if failed == 0 || failed == 12 {
		t.Errorf("%d of 12 failed", failed)
	}
}
