# What the scripts of the packages for systemd share: packaging/build puts it
# before each of them, install.sh before those that come after an installation
# or an upgrade, and remove.sh before those of a removal.
#
# Nothing here asks, enables or starts anything, and nothing here fails: a
# daemon that does not come back is its owner's to look at, no reason to leave
# a package half installed.

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
# It waits a minute and a half at most for daemons to end and start, of which
# they are given 15 seconds to end, and less for an answer of the manager itself.
ctl() (
    manager=$1
    shift
    case $1 in show | daemon-reload) limit=20 ;; *) limit=90 ;; esac
    if [ "$manager" = system ]; then
        set -- systemctl --system "$@"
    else
        name=$(id -nu "$manager" 2>/dev/null) || exit 0
        set -- runuser -u "$name" -- env XDG_RUNTIME_DIR="/run/user/$manager" systemctl --user "$@"
    fi
    timeout -k 5 "$limit" "$@" </dev/null 2>/dev/null || :
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

reload_in() { ctl "$1" daemon-reload; }

# everywhere FUNCTION calls it for all managers at the same time, so that one
# user's daemon that hangs holds up nobody else's.
everywhere() {
    for manager in $(managers); do
        "$1" "$manager" &
    done
    wait
}
