// Package initscripts tests "spacedrive --system service" under OpenRC and
// SysV init scripts, on a machine that has neither: in a mount and a pid
// namespace, over a copy of the machine's own root where systemd does not run.
//
// Where that cannot be had every test is skipped and says why; with
// SYSTEMD_LAB=required in the environment that is a failure instead.
package initscripts
