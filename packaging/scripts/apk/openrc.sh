
# services prints the OpenRC services that are there: the daemon, and instances
# of it, which are links to its script.
services() {
    for script in /etc/init.d/spacedrive /etc/init.d/spacedrive.*; do
        [ -e "$script" ] || [ -L "$script" ] || continue
        echo "${script##*/}"
    done
}

# account makes the user of the machine's daemon; the service makes its folders.
account() {
    addgroup -S spacedrive 2>/dev/null || :
    adduser -S -D -H -G spacedrive -h /var/lib/spacedrive -s /sbin/nologin \
        -g "Spacedrive daemon" spacedrive 2>/dev/null || :
}
