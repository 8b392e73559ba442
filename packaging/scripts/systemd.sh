# What the scripts of the packages for systemd share: packaging/build puts it
# before each of them, install.sh before those that come after an installation
# or an upgrade, and remove.sh before those of a removal.
#
# Nothing here asks, enables or starts anything, and nothing here fails: a
# daemon that does not come back is its owner's to look at, no reason to leave
# a package half installed.

# managers prints the systemd managers that run: "system", and the numbers of
# the users that have one. In a chroot or a plain container there is none, and
# where dpkg fills another root (DPKG_ROOT) those that run are not of that.
managers() {
    [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ] || return 0
    echo system
    for socket in /run/user/*/systemd/private; do
        [ -S "$socket" ] || continue
        user=${socket#/run/user/}
        echo "${user%%/*}"
    done
}

# ctl MANAGER ARGUMENT... runs systemctl on one manager, a user's as that user,
# who may do as he likes with a process of his own: it gets no terminal, and
# nothing of root's to write to but a pipe.
#
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
    { setsid --wait timeout -k 5 "$limit" "$@" </dev/null 2>/dev/null || :; } | cat
)

# allowed ACTION UNIT asks the one who may forbid packages to touch services:
# on Debian that is policy-rc.d, and 101 its word for it.
allowed() {
    policy=/usr/sbin/policy-rc.d status=0
    [ -x "$policy" ] || return 0
    "$policy" "$2" "$1" </dev/null >/dev/null 2>&1 || status=$?
    [ "$status" != 101 ] || echo "spacedrive: policy-rc.d forbids to $1 $2" >&2
    [ "$status" != 101 ]
}

# units MANAGER service|all prints the services of the manager that run the
# package's program, instances of templates and units that somebody wrote
# among them; for "all" also the sockets that start them.
units() {
    program="" id="" sockets=""
    # The line added ends the last one's properties, as an empty one ends each.
    { ctl "$1" show --all --property=Id,ExecStart,TriggeredBy 'spacedrive*.service' && echo; } | while IFS= read -r line; do
        case $line in
        Id=*) id=${line#Id=} ;;
        TriggeredBy=*) sockets=${line#TriggeredBy=} ;;
        ExecStart=*[=\ ]/usr/bin/spacedrived\ *) program=ours ;;
        "")
            [ -z "$program" ] || [ -z "$id" ] || echo "$id"
            [ -z "$program" ] || [ "$2" != all ] || echo "$sockets"
            program="" id="" sockets=""
            ;;
        esac
    done
}

# act MANAGER ACTION UNIT... does it to the units for which it may.
act() (
    manager=$1 action=$2
    shift 2
    for unit; do
        shift
        if allowed "${action#try-}" "$unit"; then set -- "$@" "$unit"; fi
    done
    [ $# -eq 0 ] || ctl "$manager" "$action" "$@"
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
