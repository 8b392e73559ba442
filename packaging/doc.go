// Package packaging installs the daemon as a service, and controls the service.
//
// Files renders the files that a service manager needs: systemd's units, for a
// user or for the machine, launchd's property lists, scripts for OpenRC and
// SysV. Packages (PackageFiles), "spacedrive service install" (Install,
// Uninstall) and the documentation all use it. The templates are the files named
// *.in, and docs/hardening.md gives the reason for every line of the units.
//
// Control starts and stops an installed service through
// github.com/kardianos/service: see service.go for the parts of that library
// which this package replaces, and why.
package packaging
