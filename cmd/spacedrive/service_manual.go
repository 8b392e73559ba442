package main

// Manual says what the page of service says beyond its help.
func (*serviceCmd) Manual() string {
	return `
A package brings the units along, for users and for the machine, and enables none
of them. Where there is a package, there is nothing to install:

    systemctl --user enable --now spacedrive.socket
    sudo systemctl enable --now spacedrive.socket

The first command is for a user's own daemon, the second for the machine's. To
join those whom the machine's daemon serves: 'sudo usermod -aG spacedrive ann'.

The socket is what is enabled. It starts the daemon at the first connection; the
daemon ends when it has had nothing to do for some minutes. An instance has units
of its own, from a template: 'spacedrive@work.socket' is that of --instance work.

# Examples

See what would be written:
    spacedrive service install --dry-run

See the same for the machine's daemon, under OpenRC:
    spacedrive --system service install --dry-run --manager openrc

See what would be removed:
    spacedrive service uninstall --dry-run

# Files

~/.config/systemd/user/spacedrive.socket, ~/.config/systemd/user/spacedrive.service
    A user's units, as 'install' writes them; a package's are in
    /usr/lib/systemd/user.
~/Library/LaunchAgents/com.spacedrive.daemon.plist
    The same on macOS.

# See also

spacedrive-start(1), spacedrived(8), systemctl(1), systemd.socket(5)
`
}
