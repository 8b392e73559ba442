
# account makes the user and the folders of the machine's daemon.
account() {
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} spacedrive.conf
    elif [ -z "${DPKG_ROOT:-}" ]; then
        getent group spacedrive >/dev/null || groupadd --system spacedrive
        getent passwd spacedrive >/dev/null || useradd --system --gid spacedrive --no-create-home \
            --home-dir /var/lib/spacedrive --shell /usr/sbin/nologin --comment "Spacedrive daemon" spacedrive
    fi || say "cannot make the user spacedrive, whom the machine's daemon needs (users' own do not)" >&2
    if command -v systemd-tmpfiles >/dev/null; then
        systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create spacedrive.conf || :
    fi
    [ ! -L "${DPKG_ROOT:-}/var/lib/spacedrive" ] ||
        say "/var/lib/spacedrive is a link, which systemd does not follow: mount the disk there instead" >&2
}

# namesake warns of a person who has the name: the machine's daemon would read
# and write as that person.
namesake() {
    [ -z "${DPKG_ROOT:-}" ] || return 0
    case $(getent passwd spacedrive) in
    "" | */nologin | */false) ;;
    *) say "there is a user spacedrive who can log in: the machine's daemon would run as that user (users' own do not)" >&2 ;;
    esac
}

# installed is what comes after the files of a first installation.
installed() {
    account
    namesake
    everywhere reload
}

# upgraded is what comes after the files of another version. The daemons that run
# are restarted. Sockets stay as they are: who connects meanwhile waits in them,
# and the new daemon answers and goes on with the jobs.
upgraded() {
    account
    everywhere restart
}
