
# stop_in MANAGER stops sockets and daemons in one transaction: a daemon that
# is stopped alone is started again by whoever connects next.
stop_in() {
    # shellcheck disable=SC2046 # names of units hold no blanks
    act "$1" stop $(units "$1" all)
}

# removing is what comes before the files go. Links to the units, which an
# administrator made with "systemctl enable", would dangle without them.
removing() {
    everywhere stop_in
    [ -z "${DPKG_ROOT:-}" ] && command -v systemctl >/dev/null || return 0
    for scope in --system --global; do
        systemctl "$scope" disable spacedrive.socket spacedrive.service \
            spacedrive@.socket spacedrive@.service >/dev/null 2>&1 || :
    done
}

# removed is what comes after the files have gone.
removed() {
    everywhere reload_in
    rmdir "${DPKG_ROOT:-}/run/spacedrive" 2>/dev/null || :
    echo "spacedrive: the indexes stay: users' in ~/.local/share/spacedrive, the machine's in /var/lib/spacedrive"
}
