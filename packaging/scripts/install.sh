
# account makes the user and the folders of the machine's daemon.
account() {
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers spacedrive.conf
    else
        getent group spacedrive >/dev/null || groupadd --system spacedrive
        getent passwd spacedrive >/dev/null || useradd --system --gid spacedrive --no-create-home \
            --home-dir /var/lib/spacedrive --shell /usr/sbin/nologin --comment "Spacedrive daemon" spacedrive
    fi || echo "spacedrive: cannot make the user spacedrive, whom the machine's daemon needs (users' own do not)" >&2
    if command -v systemd-tmpfiles >/dev/null; then
        systemd-tmpfiles --create spacedrive.conf || :
    fi
}

# restart_in MANAGER has the manager read the units again and restarts the
# daemons that run. Sockets stay as they are: who connects meanwhile waits in
# them, and the new daemon answers and goes on with the jobs.
restart_in() (
    ctl "$1" daemon-reload
    # shellcheck disable=SC2046 # names of units hold no blanks
    set -- "$1" $(units "$1" service)
    [ $# -eq 1 ] || { manager=$1 && shift && ctl "$manager" try-restart "$@"; }
)

# installed is what comes after the files of a first installation.
installed() {
    account
    everywhere reload_in
}

# upgraded is what comes after the files of another version.
upgraded() {
    account
    everywhere restart_in
}
