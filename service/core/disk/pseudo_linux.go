package disk

import "golang.org/x/sys/unix"

// pseudo names the file systems whose files hold what the kernel knows, not
// what anyone stored, by their f_type in statfs(2). devtmpfs is not among
// them: its f_type is tmpfs's, and its devices are recorded and never opened.
var pseudo = map[uint32]string{
	unix.PROC_SUPER_MAGIC:      "proc",
	unix.SYSFS_MAGIC:           "sysfs",
	unix.CGROUP_SUPER_MAGIC:    "cgroup",
	unix.CGROUP2_SUPER_MAGIC:   "cgroup2",
	unix.DEVPTS_SUPER_MAGIC:    "devpts",
	unix.DEBUGFS_MAGIC:         "debugfs",
	unix.TRACEFS_MAGIC:         "tracefs",
	unix.SECURITYFS_MAGIC:      "securityfs",
	unix.BPF_FS_MAGIC:          "bpf",
	unix.PSTOREFS_MAGIC:        "pstore",
	unix.AUTOFS_SUPER_MAGIC:    "autofs",
	unix.BINFMTFS_MAGIC:        "binfmt_misc",
	unix.NSFS_MAGIC:            "nsfs",
	unix.EFIVARFS_MAGIC:        "efivarfs",
	unix.SELINUX_MAGIC:         "selinuxfs",
	unix.SMACK_MAGIC:           "smackfs",
	unix.RDTGROUP_SUPER_MAGIC:  "resctrl",
	unix.SOCKFS_MAGIC:          "sockfs",
	unix.PIPEFS_MAGIC:          "pipefs",
	unix.ANON_INODE_FS_MAGIC:   "anon_inodefs",
	unix.USBDEVICE_SUPER_MAGIC: "usbfs",
	unix.OPENPROM_SUPER_MAGIC:  "openpromfs",
	unix.XENFS_SUPER_MAGIC:     "xenfs",
	0x19800202:                 "mqueue",   // ipc/mqueue.c
	0x65735543:                 "fusectl",  // fs/fuse/control.c
	0x62656570:                 "configfs", // fs/configfs/mount.c
	0x67596969:                 "rpc_pipefs",
}

// Pseudo returns the name of the pseudo file system that an open file is on,
// and "" where it is on a real one.
func Pseudo(fd int) string {
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil {
		return ""
	}
	return pseudo[uint32(st.Type)]
}

// PseudoAt returns the same for the file at a path.
func PseudoAt(path string) string {
	var st unix.Statfs_t
	if unix.Statfs(path, &st) != nil {
		return ""
	}
	return pseudo[uint32(st.Type)]
}
