
# services prints the OpenRC services that run the package's program: its own,
# and instances that "spacedrive service install" has added.
services() {
    for script in /etc/init.d/spacedrive /etc/init.d/spacedrive-*; do
        grep -qs '^command=.\{0,5\}/usr/bin/spacedrived' "$script" || continue
        echo "${script##*/}"
    done
}

# account makes the user of the machine's daemon; the service makes its folders.
account() {
    addgroup -S spacedrive 2>/dev/null || :
    adduser -S -D -H -G spacedrive -h /var/lib/spacedrive -s /sbin/nologin \
        -g "Spacedrive daemon" spacedrive 2>/dev/null || :
}
