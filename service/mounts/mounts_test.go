package mounts

import (
	"testing"
)

const sample = `21 26 0:20 / /proc rw,relatime - proc proc rw
26 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 26 8:17 / /media/My\040disk\134x ro,nosuid shared:7 master:2 - ext4 /dev/sdb1 ro
41 26 8:17 /music /srv/music rw - ext4 /dev/sdb1 rw
42 26 0:50 /@ /pool rw - btrfs /dev/sdc rw,subvolid=256,subvol=/@
43 26 0:51 /@/photos /photos rw - btrfs /dev/sdc rw,subvolid=256,subvol=/@
44 26 0:50 /@home /home rw - btrfs /dev/sdc rw,subvolid=257,subvol=/@home
45 26 0:60 / /net rw - nfs4 nas:/export rw,vers=4.2
46 26 0:61 / /tmp rw - tmpfs tmpfs rw
47 26 0:62 / /run rw - tmpfs tmpfs rw
48 26 0:63 / /merged rw - overlay overlay rw,lowerdir=/l,upperdir=/u\054p,workdir=/w
49 46 8:33 / /tmp rw - xfs /dev/sdd1 rw
not a mount
50 26 x:1 / /bad rw - ext4 /dev/sde rw
`

func table() *Table {
	return New(parse([]byte(sample), func(major, minor uint32) uint64 { return uint64(major)<<8 | uint64(minor) })...)
}

func TestAtIsTheInnermostMount(t *testing.T) {
	for path, point := range map[string]string{
		"/":                        "/",
		"/etc/passwd":              "/",
		"/media/My disk\\x/a":      "/media/My disk\\x",
		"/media/My disk\\xy":       "/",
		"/home":                    "/home",
		"/homes/of/others":         "/",
		"/photos/no/longer/there/": "/photos",
	} {
		if m := table().At(path); m.Point != point {
			t.Errorf("%s is on %q, want %q", path, m.Point, point)
		}
	}
	if m := table().At("/tmp/x"); m.Type != "xfs" {
		t.Errorf("of two mounted over each other the one below is found: %+v", m)
	}
	if m := New().At("/"); m.Point != "" {
		t.Errorf("an empty table: %+v", m)
	}
}

func TestByDevice(t *testing.T) {
	if m, ok := table().ByDevice(8<<8 | 17); !ok || m.Source != "/dev/sdb1" || !m.ReadOnly {
		t.Errorf("%+v, %v", m, ok)
	}
	if m, ok := table().ByDevice(99); ok {
		t.Errorf("%+v", m)
	}
}

func TestIdentity(t *testing.T) {
	at := func(path string) string { return table().At(path).Identity() }
	for path, want := range map[string]string{
		"/":        "ext4:/dev/sda1",
		"/net/a":   "nfs4:nas:/export",
		"/merged":  "overlay:/u,p",
		"/home":    "btrfs:/dev/sdc/257",
		"/tmp":     "xfs:/dev/sdd1",
		"/run/x/y": "tmpfs:tmpfs:62",
	} {
		if got := at(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, pair := range [][2]string{{"/srv/music", `/media/My disk\x`}, {"/pool", "/photos"}} {
		if at(pair[0]) != at(pair[1]) {
			t.Errorf("%s and %s are of one file system: %q, %q", pair[0], pair[1], at(pair[0]), at(pair[1]))
		}
	}
	if m := (Mount{Type: "btrfs", UUID: "abc", options: map[string]string{"subvolid": "5"}}); m.Identity() != "uuid:abc/5" {
		t.Errorf("%q", m.Identity())
	}
}

func TestNetwork(t *testing.T) {
	if !table().At("/net").Network() || table().At("/").Network() {
		t.Error("the export is on the network, the disk is not")
	}
}

// What the kernel escapes comes out as it was, and no line upsets the parser.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`1 1 8:1 / /a\ - x y z`))
	f.Add([]byte("1 1 8:1 / \\377\\0 rw - t s rw\n - - -"))
	f.Fuzz(func(t *testing.T, text []byte) {
		all := parse(text, func(major, minor uint32) uint64 { return uint64(major)<<32 | uint64(minor) })
		for _, m := range all {
			_ = m.Identity()
			if got := unescape(escape(m.Point)); got != m.Point {
				t.Errorf("%q comes back as %q", m.Point, got)
			}
			if m.Point != "" && m.Point[0] == '/' && New(all...).At(m.Point).Point != m.Point {
				t.Errorf("%q is not found", m.Point)
			}
		}
	})
}

// escape is what the kernel does (mangle_path with " \t\n\\").
func escape(s string) string {
	out := []byte{}
	for _, c := range []byte(s) {
		switch c {
		case ' ', '\t', '\n', '\\':
			out = append(out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
