// Package packaged tests what a person gets who installs the Debian package: a
// clean Debian, the .deb, and nothing else of ours.
//
// The tests run outside, as root, and drive a lab each (../lab), booted from
// the root that ../cleanroot makes: machine_test.go has what they do to a
// machine, person_test.go what its users do. What must be a process inside, such
// as a client that keeps calling, is this test binary in another role:
// role_test.go. Start reading at install_test.go.
//
// Where no lab can be booted every test is skipped and says why; with
// SYSTEMD_LAB=required in the environment that is a failure instead.
package packaged
