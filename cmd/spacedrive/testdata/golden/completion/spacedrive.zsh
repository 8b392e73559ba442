#compdef spacedrive
# Completion of spacedrive for zsh, made by: spacedrive completion zsh

# Offers what the program knows of the kind $1. The words of the line go to it
# as they were typed: nothing of them is expanded.
_spacedrive_ask() {
    local program=${(Q)typed[1]} line
    local -a values shown expl
    [[ $program == \~/* ]] && program=$HOME/${program#\~/}
    whence -p $program >/dev/null || program=spacedrive # an alias, or a function
    for line in "${(@f)$(command $program complete --shell=zsh $1 -- "${(@)typed}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done
    (( $#values )) || return 1
    _wanted $1 expl $1 compadd -l -d shown -a values
}

_spacedrive_quickstart() {
    _arguments -s -S $global \
        '1::PATH:_files -/' \
        && return
}

_spacedrive_start() {
    _arguments -s -S $global \
        '--foreground[Become the daemon instead of starting one beside]' \
        && return
}

_spacedrive_stop() {
    _arguments -s -S $global \
        '--socket-unit[Stop the systemd socket unit too, so that no connection starts the daemon again]' \
        && return
}

_spacedrive_restart() {
    _arguments -s -S $global \
        && return
}

_spacedrive_status() {
    _arguments -s -S $global \
        && return
}

_spacedrive_library() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'create:Create a library'
            'list:List the libraries'
            'info:Show a library and what is in it'
            'rename:Give a library another name'
            'delete:Forget a library'
            'use:Set the default library of the instance, in the configuration file'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        create) _spacedrive_library_create ;;
        list) _spacedrive_library_list ;;
        info) _spacedrive_library_info ;;
        rename) _spacedrive_library_rename ;;
        delete) _spacedrive_library_delete ;;
        use) _spacedrive_library_use ;;
        esac
        ;;
    esac
}

_spacedrive_library_create() {
    _arguments -s -S $global \
        '1:NAME:()' \
        && return
}

_spacedrive_library_list() {
    _arguments -s -S $global \
        && return
}

_spacedrive_library_info() {
    _arguments -s -S $global \
        '1::LIBRARY: _spacedrive_ask libraries' \
        && return
}

_spacedrive_library_rename() {
    _arguments -s -S $global \
        '1:LIBRARY: _spacedrive_ask libraries' \
        '2:NEW-NAME:()' \
        && return
}

_spacedrive_library_delete() {
    _arguments -s -S $global \
        '(--yes -y)--yes[Do not ask]' '(--yes -y)-y[Do not ask]' \
        '--delete-data[Remove the library'\''s own data too]' \
        '1:LIBRARY: _spacedrive_ask libraries' \
        && return
}

_spacedrive_library_use() {
    _arguments -s -S $global \
        '1:NAME: _spacedrive_ask libraries' \
        && return
}

_spacedrive_location() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'add:Add a folder to the library and index it'
            'list:List the library'\''s locations'
            'remove:Forget a location and its entries'
            'rescan:Look for what has changed in a location'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        add) _spacedrive_location_add ;;
        list) _spacedrive_location_list ;;
        remove) _spacedrive_location_remove ;;
        rescan) _spacedrive_location_rescan ;;
        esac
        ;;
    esac
}

_spacedrive_location_add() {
    _arguments -s -S $global \
        '--name=[Name of the location (default\: the folder'\''s)]:NAME:()' \
        '--mode=[How much is read of a file (default\: shallow)]:MODE:(shallow content deep)' \
        '--no-wait[Do not wait until it is indexed]' \
        '1:PATH:_files -/' \
        && return
}

_spacedrive_location_list() {
    _arguments -s -S $global \
        && return
}

_spacedrive_location_remove() {
    _arguments -s -S $global \
        '1:LOCATION:{ _spacedrive_ask locations || _files -/ }' \
        && return
}

_spacedrive_location_rescan() {
    _arguments -s -S $global \
        '--full[Read every folder and hash every file anew, changed or not]' \
        '--no-wait[Do not wait until it is done]' \
        '1:LOCATION:{ _spacedrive_ask locations || _files -/ }' \
        && return
}

_spacedrive_search() {
    _arguments -s -S $global \
        '*--ext=[Only files with this extension; may be repeated]:EXT:()' \
        '*--kind=[Only entries of this kind, such as image or folder]:KIND: _spacedrive_ask kinds' \
        '*--size=[+10M\: 10 MiB or more]:\[+-\]N\[kMGT\]:()' \
        '*--modified=[7d\: within the last 7 days]:\[+-\]TIME:()' \
        '--in=[Only in this location\: path, name or id]:LOCATION:{ _spacedrive_ask locations || _files -/ }' \
        '--under=[Only below this folder]:PATH:_files -/' \
        '--sort=[Order\: relevance, name, size, modified, created]:ORDER:(relevance name size modified created)' \
        '--limit=[At most so many (default\: 100 on a terminal, else all)]:N:()' \
        '--hidden[Also hidden files, and what is in hidden folders]' \
        '(--null -0)--null[End each path with a NUL instead of a newline]' '(--null -0)-0[End each path with a NUL instead of a newline]' \
        '*:QUERY:()' \
        && return
}

_spacedrive_job() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'list:List the library'\''s jobs, newest first'
            'show:Show a job with its output and warnings'
            'watch:Watch a job, or all unfinished ones, to the end'
            'pause:Pause a job at its next checkpoint'
            'resume:Let a paused job go on'
            'cancel:Cancel a job; what it did so far stays'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        list) _spacedrive_job_list ;;
        show) _spacedrive_job_show ;;
        watch) _spacedrive_job_watch ;;
        pause) _spacedrive_job_pause ;;
        resume) _spacedrive_job_resume ;;
        cancel) _spacedrive_job_cancel ;;
        esac
        ;;
    esac
}

_spacedrive_job_list() {
    _arguments -s -S $global \
        '--status=[Only jobs in this state]:STATE:(queued running paused completed failed cancelled)' \
        '--kind=[Only jobs of this kind]:KIND:()' \
        '--limit=[At most so many]:N:()' \
        && return
}

_spacedrive_job_show() {
    _arguments -s -S $global \
        '1:ID: _spacedrive_ask jobs' \
        && return
}

_spacedrive_job_watch() {
    _arguments -s -S $global \
        '1::ID: _spacedrive_ask jobs-unfinished' \
        && return
}

_spacedrive_job_pause() {
    _arguments -s -S $global \
        '1:ID: _spacedrive_ask jobs-active' \
        && return
}

_spacedrive_job_resume() {
    _arguments -s -S $global \
        '1:ID: _spacedrive_ask jobs-paused' \
        && return
}

_spacedrive_job_cancel() {
    _arguments -s -S $global \
        '1:ID: _spacedrive_ask jobs-unfinished' \
        && return
}

_spacedrive_events() {
    _arguments -s -S $global \
        '*--type=[Only events of this type, such as JobUpdate]:TYPE: _spacedrive_ask event-types' \
        '--after=[Begin after the event of this number]:SEQ:()' \
        && return
}

_spacedrive_logs() {
    _arguments -s -S $global \
        '(--follow -f)--follow[Go on with new lines as they come]' '(--follow -f)-f[Go on with new lines as they come]' \
        '(--lines -n)--lines=[Begin with the last so many lines]:N:()' '(--lines -n)-n+[Begin with the last so many lines]:N:()' \
        '--level=[Only lines at least this severe]:LEVEL:(trace debug info warn error)' \
        '--target=[Only lines of this part of the daemon, and of those below it]:TARGET:()' \
        '--job=[Only lines about this job]:ID: _spacedrive_ask jobs' \
        && return
}

_spacedrive_call() {
    _arguments -s -S $global \
        '1:METHOD: _spacedrive_ask methods' \
        '2::JSON|-:()' \
        && return
}

_spacedrive_methods() {
    _arguments -s -S $global \
        '1::METHOD: _spacedrive_ask methods' \
        && return
}

_spacedrive_doctor() {
    _arguments -s -S $global \
        && return
}

_spacedrive_debug() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '--goroutines[Show what the daemon'\''s goroutines do, too]' \
        '--limit=[At most so many connections, calls and subscriptions]:N:()' \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'show:Show connections, calls in flight, subscriptions and the runtime (the default)'
            'bundle:Write one archive with what helps to find a fault, and no private name'
            'metrics:Print the daemon'\''s counters in the text format of Prometheus'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        show) _spacedrive_debug_show ;;
        bundle) _spacedrive_debug_bundle ;;
        metrics) _spacedrive_debug_metrics ;;
        esac
        ;;
    esac
}

_spacedrive_debug_show() {
    _arguments -s -S $global \
        '--goroutines[Show what the daemon'\''s goroutines do, too]' \
        '--limit=[At most so many connections, calls and subscriptions]:N:()' \
        && return
}

_spacedrive_debug_bundle() {
    _arguments -s -S $global \
        '1::FILE:_files' \
        && return
}

_spacedrive_debug_metrics() {
    _arguments -s -S $global \
        && return
}

_spacedrive_service() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'install:Put what the service manager needs into place'
            'uninstall:Stop the service and remove what was installed'
            'start:Start the service'
            'stop:Stop the service; under systemd its socket still listens'
            'restart:Restart the service'
            'status:Tell how the socket and the service are'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        install) _spacedrive_service_install ;;
        uninstall) _spacedrive_service_uninstall ;;
        start) _spacedrive_service_start ;;
        stop) _spacedrive_service_stop ;;
        restart) _spacedrive_service_restart ;;
        status) _spacedrive_service_status ;;
        esac
        ;;
    esac
}

_spacedrive_service_install() {
    _arguments -s -S $global \
        '--dry-run[Only print what would be written]' \
        '--manager=[With --dry-run]:NAME:(systemd launchd openrc sysv)' \
        && return
}

_spacedrive_service_uninstall() {
    _arguments -s -S $global \
        '--dry-run[Only tell what would be done]' \
        && return
}

_spacedrive_service_start() {
    _arguments -s -S $global \
        && return
}

_spacedrive_service_stop() {
    _arguments -s -S $global \
        && return
}

_spacedrive_service_restart() {
    _arguments -s -S $global \
        && return
}

_spacedrive_service_status() {
    _arguments -s -S $global \
        && return
}

_spacedrive_config() {
    _arguments -s -S $global \
        && return
}

_spacedrive_completion() {
    _arguments -s -S $global \
        '1:SHELL:(bash zsh fish)' \
        && return
}

_spacedrive_version() {
    _arguments -s -S $global \
        && return
}

_spacedrive() {
    local curcontext=$curcontext context state line
    typeset -A opt_args
    local -a typed=("${(@)words[1,CURRENT]}")
    local -a global=(
        '(--help -h)--help[Print help]' '(--help -h)-h[Print help]' \
        '--instance=[Instance of the daemon (default\: default)]:NAME: _spacedrive_ask instances' \
        '--data-dir=[Data folder of the daemon]:DIR:_files -/' \
        '--socket=[Socket of the daemon]:PATH:_files' \
        '--system[Talk to this machine'\''s daemon, which serves the group spacedrive, instead of your own]' \
        '--host=[Talk to the daemon of another machine, through ssh]:ssh\://\[USER@\]HOST:()' \
        '--ssh=[The ssh that --host uses, with its options (default\: ssh)]:COMMAND:()' \
        '--standalone[Where no daemon has the data, run one for this command alone, on its stdin and stdout]' \
        '--library=[Library to work in (default\: see '\''library use'\'')]:NAME|ID: _spacedrive_ask libraries' \
        '--config=[Configuration file]:FILE:_files' \
        '--json[Print JSON\: one document, or a line for each event]' \
        '(--quiet -q)--quiet[Print results and errors only]' '(--quiet -q)-q[Print results and errors only]' \
        '--no-color[No colour, as with NO_COLOR set]' \
        '--reconnect=[How long a command that watches waits for a daemon that is gone]:TIME:()' \
        '--version[Print the version, and do nothing else]' \
    )
    local -a commands=(
        'quickstart:Start the daemon, index a folder, and show what to do next'
        'start:Start the daemon'
        'stop:Stop the daemon'
        'restart:Stop the daemon and start it again'
        'status:Tell how the daemon is'
        'library:Create, list, show, rename, delete and choose libraries'
        'location:Add, list, rescan and remove folders to index'
        'search:Find files and folders by name'
        'job:List, show, watch, pause, resume and cancel jobs'
        'events:Print events as they happen'
        'logs:Print the daemon'\''s log'
        'call:Call any operation of the daemon'
        'methods:List the daemon'\''s operations, or describe one'
        'doctor:Look for what is wrong, and name the fix'
        'debug:Show what the daemon is doing, or write it down for others'
        'service:Install and control the service, with its socket'
        'config:Print the configuration in force, and where each value comes from'
        'completion:Print what completes commands in a shell'
        'version:Print the version'
    )
    _arguments -s -S -C $global '1: :->command' '*:: :->rest' && return
    case $state in
    command) _describe -t commands command commands ;;
    rest)
        case $line[1] in
        quickstart) _spacedrive_quickstart ;;
        start) _spacedrive_start ;;
        stop) _spacedrive_stop ;;
        restart) _spacedrive_restart ;;
        status) _spacedrive_status ;;
        library) _spacedrive_library ;;
        location) _spacedrive_location ;;
        search) _spacedrive_search ;;
        job) _spacedrive_job ;;
        events) _spacedrive_events ;;
        logs) _spacedrive_logs ;;
        call) _spacedrive_call ;;
        methods) _spacedrive_methods ;;
        doctor) _spacedrive_doctor ;;
        debug) _spacedrive_debug ;;
        service) _spacedrive_service ;;
        config) _spacedrive_config ;;
        completion) _spacedrive_completion ;;
        version) _spacedrive_version ;;
        esac
        ;;
    esac
}

if [[ $funcstack[1] == _spacedrive ]]; then
    _spacedrive "$@" # found on fpath
else
    compdef _spacedrive spacedrive # sourced
fi
