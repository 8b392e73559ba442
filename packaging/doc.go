// Package packaging puts the daemon under the care of a service manager.
//
// Files renders what a manager wants to have in place: systemd's units, for a
// user or for the machine, launchd's property lists, scripts for OpenRC and
// SysV. It is the one source of them, for packages (PackageFiles), for
// "spacedrive service install" (Install, Uninstall) and for the documentation.
// The texts stand beside it in the files named *.in, and docs/hardening.md
// gives the reason of every line of the units.
//
// A Service controls what is installed, by way of
// github.com/kardianos/service: see service.go for the parts of that library
// which this package replaces, and why.
package packaging
