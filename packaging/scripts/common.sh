# What the packages' scripts share: packaging/build puts it before each of them.
#
# Nothing here asks, enables or starts anything, and nothing here fails: a
# daemon that does not come back is its owner's to look at, no reason to leave
# a package half installed.

# tell says something to whoever runs the package manager.
tell() { echo "spacedrive: $*"; }

# account makes the user and the folders of the machine's daemon.
account() {
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers spacedrive.conf || tell "cannot make the user spacedrive; the machine's daemon needs it, users' daemons do not"
    elif command -v useradd >/dev/null; then
        getent group spacedrive >/dev/null || groupadd --system spacedrive
        getent passwd spacedrive >/dev/null || useradd --system --gid spacedrive --no-create-home \
            --home-dir /var/lib/spacedrive --shell /usr/sbin/nologin --comment "Spacedrive daemon" spacedrive
    elif command -v adduser >/dev/null; then # busybox
        grep -q '^spacedrive:' /etc/group || addgroup -S spacedrive
        grep -q '^spacedrive:' /etc/passwd || adduser -S -D -H -G spacedrive \
            -h /var/lib/spacedrive -s /sbin/nologin -g "Spacedrive daemon" spacedrive
    fi
    if command -v systemd-tmpfiles >/dev/null; then
        systemd-tmpfiles --create spacedrive.conf || :
    fi
}

# managers prints the systemd managers that run: "system", and the numbers of
# the users that have one. In a chroot or a plain container there is none.
managers() {
    [ -d /run/systemd/system ] || return 0
    echo system
    for socket in /run/user/*/systemd/private; do
        [ -S "$socket" ] || continue
        user=${socket#/run/user/}
        echo "${user%%/*}"
    done
}

# ctl MANAGER ARGUMENT... runs systemctl on one manager, a user's as that user.
# It waits a minute and a half at most: a daemon is given 15 seconds to end.
ctl() (
    manager=$1
    shift
    if [ "$manager" = system ]; then
        set -- systemctl --system "$@"
    else
        name=$(id -nu "$manager" 2>/dev/null) || exit 0
        set -- runuser -u "$name" -- env XDG_RUNTIME_DIR="/run/user/$manager" systemctl --user "$@"
    fi
    timeout -k 5 90 "$@" </dev/null 2>/dev/null || :
)

# units MANAGER KIND... prints the units of these kinds (socket, service) that
# the manager has read from a package, instances of templates among them. What
# someone installed for himself, with "spacedrive service install", is his.
units() (
    manager=$1
    shift
    for kind in "$@"; do
        ctl "$manager" show --property=Id,FragmentPath "spacedrive*.$kind"
    done | while IFS='=' read -r key value; do
        case $key=$value in
        Id=*) unit=$value ;;
        FragmentPath=/usr/lib/systemd/* | FragmentPath=/lib/systemd/*)
            case $unit in spacedrive.* | spacedrive@*) echo "$unit" ;; esac
            ;;
        esac
    done
)

# restart_in MANAGER has the manager read the units again and restarts the
# daemons that run. Sockets stay as they are: who connects meanwhile waits in
# them, and the new daemon answers and goes on with the jobs.
restart_in() (
    ctl "$1" daemon-reload
    # shellcheck disable=SC2046 # names of units hold no blanks
    set -- "$1" $(units "$1" service)
    [ $# -eq 1 ] || { manager=$1 && shift && ctl "$manager" try-restart "$@"; }
)

# stop_in MANAGER stops sockets and daemons in one transaction: a daemon that
# is stopped alone is started again by whoever connects next.
stop_in() (
    # shellcheck disable=SC2046
    set -- "$1" $(units "$1" socket service)
    [ $# -eq 1 ] || { manager=$1 && shift && ctl "$manager" stop "$@"; }
)

reload_in() { ctl "$1" daemon-reload; }

# everywhere FUNCTION calls it for all managers at the same time, so that one
# user's daemon that hangs holds up nobody else's.
everywhere() {
    for manager in $(managers); do
        "$1" "$manager" &
    done
    wait
}

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

# removing is what comes before the files go. Links to the units, which an
# administrator made with "systemctl enable", would dangle without them.
removing() {
    everywhere stop_in
    command -v systemctl >/dev/null || return 0
    for scope in --system --global; do
        systemctl "$scope" disable spacedrive.socket spacedrive.service \
            spacedrive@.socket spacedrive@.service >/dev/null 2>&1 || :
    done
}

# removed is what comes after the files have gone.
removed() {
    everywhere reload_in
    tell "the indexes stay: users' in ~/.local/share/spacedrive, the machine's in /var/lib/spacedrive"
}
