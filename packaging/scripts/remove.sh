
# removing is what comes before the files go. Sockets and daemons stop in one
# transaction: a daemon that is stopped alone is started again by whoever connects
# next. Links to the units, which an administrator made with "systemctl enable",
# would dangle without them.
removing() {
    everywhere stop
    [ -z "${DPKG_ROOT:-}" ] && command -v systemctl >/dev/null || return 0
    for scope in --system --global; do
        systemctl "$scope" disable spacedrive.socket spacedrive.service \
            spacedrive@.socket spacedrive@.service >/dev/null 2>&1 || :
    done
}

# removed is what comes after the files have gone.
removed() {
    everywhere reload
    rmdir "${DPKG_ROOT:-}/run/spacedrive" 2>/dev/null || :
    say "the indexes stay: users' in ~/.local/share/spacedrive, the machine's in /var/lib/spacedrive"
}
