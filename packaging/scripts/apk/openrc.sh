
# services prints the OpenRC services that are there: the daemon, and instances
# of it, which are links to its script.
services() {
    for script in /etc/init.d/spacedrive /etc/init.d/spacedrive.*; do
        [ -e "$script" ] || [ -L "$script" ] || continue
        echo "${script##*/}"
    done
}
