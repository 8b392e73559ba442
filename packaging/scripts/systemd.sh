# What the scripts of the packages for systemd share: packaging/build puts it
# before each of them, install.sh before those that come after an installation
# or an upgrade, and remove.sh before those of a removal.
#
# Nothing here asks, enables or starts anything, and nothing here fails: a
# daemon that does not come back is its owner's to look at, no reason to leave
# a package half installed.

# say tells whoever does this; where they cannot be told, it is done all the same.
say() { printf 'spacedrive: %s\n' "$*" 2>/dev/null || :; }

# managers prints the systemd managers that run: "system", and the numbers of
# the users that have one. In a chroot or a plain container there is none, and
# where dpkg fills another root (DPKG_ROOT), or a chroot shares /run, those that
# run are not of this root.
managers() {
    [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ] || return 0
    [ "$(stat -L -c %d:%i /proc/1/root/ 2>/dev/null)" = "$(stat -L -c %d:%i /)" ] || return 0
    echo system
    for socket in /run/user/*/systemd/private; do
        [ -S "$socket" ] || continue
        user=${socket#/run/user/}
        echo "${user%%/*}"
    done
}

# list is a program for sh: with the arguments --system|--user and service|all it
# prints the services of that manager that run the package's program, instances
# of templates and units that somebody wrote among them; for "all" also their
# sockets, and those of the package whose services are masked.
# shellcheck disable=SC2016 # that sh expands
list='
{ systemctl "$1" show --all --property=Id,ExecStart,TriggeredBy,FragmentPath \
    "spacedrive*.service" "spacedrive*.socket" 2>/dev/null; echo; } | {
    kind="" id="" sockets=""
    while IFS= read -r line; do
        case $line in
        Id=*) id=${line#Id=} ;;
        TriggeredBy=*) sockets=${line#TriggeredBy=} ;;
        ExecStart=*[=\ ]/usr/bin/spacedrived\ *) kind=service ;;
        FragmentPath=/usr/lib/systemd/*.socket | FragmentPath=/lib/systemd/*.socket) kind=socket ;;
        "")
            case $kind-$2 in
            service-service | socket-all) echo "$id" ;;
            service-all) echo "$id $sockets" ;;
            esac
            kind="" id="" sockets=""
            ;;
        esac
    done
}'

# allowed ACTION UNIT asks the one who may forbid packages to touch services:
# on Debian that is policy-rc.d, and 101 its word for it.
allowed() {
    policy=/usr/sbin/policy-rc.d status=0
    [ -x "$policy" ] || return 0
    "$policy" "$2" "$1" </dev/null >/dev/null 2>&1 || status=$?
    [ "$status" != 101 ] || say "policy-rc.d forbids to $1 $2" >&2
    [ "$status" != 101 ]
}

# in_system ACTION has the machine's manager read the units again, and restarts
# (restart) or stops (stop) what the policy lets it.
in_system() (
    set -f
    case $1 in restart) units=service ;; stop) units=all ;; *) units="" ;; esac
    [ "$1" = stop ] || timeout -k 5 20 systemctl --system daemon-reload </dev/null >/dev/null 2>&1 || :
    [ -n "$units" ] || return 0
    action=$1
    set --
    for unit in $(timeout -k 5 20 sh -c "$list" sh --system "$units"); do
        if allowed "$action" "$unit"; then set -- "$@" "$unit"; fi
    done
    case $action in restart) action=try-restart ;; esac
    [ $# -eq 0 ] || timeout -k 5 90 systemctl --system "$action" "$@" </dev/null >/dev/null 2>&1 || :
)

# in_user USER ACTION does the same to a user's manager, as that user: in a unit
# of its own, which PID 1 starts. A process of this script's that ran as the user
# would be the user's to trace, and with it root's environment, descriptors and
# terminal; and whatever the user's manager answers stays the user's.
in_user() {
    case $2 in restart) verb=try-restart units=service ;; stop) verb=stop units=all ;; *) verb="" units="" ;; esac
    [ -z "$verb" ] || allowed "$2" spacedrive.service || return 0
    timeout -k 5 120 systemd-run --quiet --wait --collect --uid="$1" --setenv=XDG_RUNTIME_DIR="/run/user/$1" \
        --property=RuntimeMaxSec=90 --property=TimeoutStopSec=5 --property=StandardOutput=null --property=StandardError=null \
        /bin/sh -c "$(for_systemd "$as_user")" sh "$(for_systemd "$list")" "$units" "$verb" >/dev/null 2>&1 </dev/null || :
}

# as_user is a program for sh, with the arguments LIST service|all|"" VERB.
# shellcheck disable=SC2016 # that sh expands
as_user='set -f
[ "$3" = stop ] || timeout 20 systemctl --user daemon-reload
[ -n "$2" ] || exit 0
units=$(timeout 20 sh -c "$1" sh --user "$2")
[ -z "$units" ] || systemctl --user "$3" $units'

# for_systemd keeps systemd from putting variables of its own into a command line
# (systemd.service(5)).
for_systemd() { printf '%s\n' "$1" | sed 's/\$/$$/g'; }

# everywhere ACTION does it in all managers at the same time, so that one user's
# daemon that hangs holds up nobody else's.
everywhere() {
    for manager in $(managers); do
        case $manager in
        system) in_system "$1" & ;;
        *) in_user "$manager" "$1" & ;;
        esac
    done
    wait
}
