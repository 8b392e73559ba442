# Completion of spacedrive for bash, made by: spacedrive completion bash
# shellcheck shell=bash

# What may follow each command: COMMAND|NAMES|VALUE|HELP.
# shellcheck disable=SC2016 # nothing of it is to be expanded
__spacedrive_rows=(
    '|--help -h||Print help'
    '|--instance|=@instances|Instance of the daemon (default: default)'
    '|--data-dir|=/dir|Data folder of the daemon'
    '|--socket|=/file|Socket of the daemon'
    '|--system||Talk to this machine'\''s daemon, which serves the group spacedrive, instead of your own'
    '|--host|=|Talk to the daemon of another machine, through ssh'
    '|--ssh|=|The ssh that --host uses, with its options (default: ssh)'
    '|--standalone||Where no daemon has the data, run one for this command alone, on its stdin and stdout'
    '|--library|=@libraries|Library to work in (default: see '\''library use'\'')'
    '|--config|=/file|Configuration file'
    '|--json||Print JSON: one document, or a line for each event'
    '|--quiet -q||Print results and errors only'
    '|--no-color||No colour, as with NO_COLOR set'
    '|--reconnect|=|How long a command that watches waits for a daemon that is gone'
    '|--version||Print the version, and do nothing else'
    '|help||Show help on a command'
    'help|0|* @commands|The command (default: spacedrive itself)'
    '|quickstart||Start the daemon, index a folder, and show what to do next'
    'quickstart|0|/dir|Folder to index (default: the current one)'
    '|index||Scan files and folders once, without a location'
    'index|--mode|=shallow content deep|How much is read of a file (default: shallow)'
    'index|--persistent||Rescan these parts of a location instead'
    'index|--hidden||Also hidden files, and what is in hidden folders'
    'index|--no-wait||Do not wait until it is done'
    'index|0|* /file|Files and folders'
    '|job||List, show, watch, pause, resume and cancel jobs'
    'job|list||List the library'\''s jobs, newest first'
    'job list|--status|=queued running paused completed failed cancelled|Only jobs in this state'
    'job list|--kind|=|Only jobs of this kind'
    'job list|--limit|=|At most so many'
    'job|show||Show a job with its output and warnings'
    'job show|0|@jobs|Id of the job'
    'job|watch||Watch a job, or all unfinished ones, to the end'
    'job watch|0|@jobs-unfinished|Id of the job (default: all that have not ended)'
    'job|pause||Pause a job at its next checkpoint'
    'job pause|0|@jobs-active|Id of the job'
    'job|resume||Let a paused job go on'
    'job resume|0|@jobs-paused|Id of the job'
    'job|cancel||Cancel a job; what it did so far stays'
    'job cancel|0|@jobs-unfinished|Id of the job'
    '|library||Create, list, show, rename, delete and choose libraries'
    'library|create||Create a library'
    'library create|0||Name: 1 to 64 characters of any script, no path separators'
    'library|list||List the libraries'
    'library|info||Show a library and what is in it'
    'library info|0|@libraries|Name or id (default: the library in use)'
    'library|rename||Give a library another name'
    'library rename|0|@libraries|Name or id'
    'library rename|1||New name'
    'library|delete||Forget a library'
    'library delete|--yes -y||Do not ask'
    'library delete|--delete-data||Remove the library'\''s own data too'
    'library delete|0|@libraries|Name or id'
    'library|use||Set the default library of the instance, in the configuration file'
    'library use|0|@libraries|Name or id'
    '|location||Add, list, rescan and remove folders to index'
    'location|add||Add a folder to the library and index it'
    'location add|--name|=|Name of the location (default: the folder'\''s)'
    'location add|--mode|=shallow content deep|How much is read of a file (default: shallow)'
    'location add|--no-wait||Do not wait until it is indexed'
    'location add|0|/dir|Folder to index'
    'location|list||List the library'\''s locations'
    'location|remove||Forget a location and its entries'
    'location remove|0|@locations /dir|Path, name, or id'
    'location|rescan||Look for what has changed in a location'
    'location rescan|--full||Read every folder and hash every file again, changed or not'
    'location rescan|--no-wait||Do not wait until it is done'
    'location rescan|0|@locations /dir|Path, name, or id'
    '|search||Find files and folders by name'
    'search|--ext|=*|Only files with this extension; may be repeated'
    'search|--kind|=* @kinds|Only entries of this kind, such as image or folder'
    'search|--size|=*|+10M: 10 MiB or more'
    'search|--modified|=*|7d: within the last 7 days'
    'search|--in|=@locations /dir|Only in this location: path, name or id'
    'search|--under|=/dir|Only below this folder'
    'search|--sort|=relevance name size modified created|Order: relevance, name, size, modified, created'
    'search|--limit|=|At most so many (default: 100 on a terminal, else all)'
    'search|--hidden||Also hidden files, and what is in hidden folders'
    'search|--null -0||End each path with a NUL instead of a newline'
    'search|0|*|Words that the name must hold, in any order'
    '|config||Print the configuration in force, and where each value comes from'
    '|restart||Stop the daemon and start it again'
    '|service||Install and control the service, with its socket'
    'service|install||Put what the service manager needs into place'
    'service install|--dry-run||Only print what would be written'
    'service install|--manager|=systemd launchd openrc sysv|With --dry-run'
    'service|uninstall||Stop the service and remove what was installed'
    'service uninstall|--dry-run||Only print what would be done'
    'service|start||Start the service'
    'service|stop||Stop the service; under systemd its socket still listens'
    'service|restart||Restart the service'
    'service|status||Show the state of the socket and of the service'
    '|start||Start the daemon'
    'start|--foreground||Become the daemon instead of starting one beside'
    '|status||Show the state of the daemon'
    '|stop||Stop the daemon'
    'stop|--socket||Stop the systemd socket unit too, so that no connection starts the daemon again'
    '|debug||Show what the daemon is doing, or write it down for others'
    'debug|--goroutines||Show what the daemon'\''s goroutines do, too'
    'debug|--limit|=|At most so many connections, calls and subscriptions'
    'debug|show||Show connections, calls in flight, subscriptions and the runtime (the default)'
    'debug show|--goroutines||Show what the daemon'\''s goroutines do, too'
    'debug show|--limit|=|At most so many connections, calls and subscriptions'
    'debug|bundle||Write one archive with what helps to find a fault, and no private name'
    'debug bundle|0|/file|Archive to write'
    'debug|metrics||Print the daemon'\''s counters in the text format of Prometheus'
    '|doctor||Look for what is wrong, and name the fix'
    '|events||Print events as they happen'
    'events|--type|=* @event-types|Only events of this type, such as JobUpdate'
    'events|--after|=|Begin after the event of this number'
    '|logs||Print the daemon'\''s log'
    'logs|--follow -f||Go on with new lines as they come'
    'logs|--lines -n|=|Begin with the last so many lines'
    'logs|--level|=trace debug info warn error|Only lines at least this severe'
    'logs|--target|=|Only lines of this part of the daemon, and of those below it'
    'logs|--job|=@jobs|Only lines about this job'
    '|version||Print the version'
    '|call||Call any operation of the daemon'
    'call|0|@methods|Operation, such as core.status or query:libraries.list.v1'
    'call|1||Its input as JSON, or - to read it from stdin (default: {})'
    '|completion||Print the completion script for a shell'
    'completion|0|bash zsh fish|The shell: bash, zsh, fish'
    '|methods||List the daemon'\''s operations, or describe one'
    'methods|0|@methods|Operation to describe, with its input and output schemas'
)

# Sets commands, options and arguments to what may follow the command $1.
__spacedrive_at() {
    local row names
    commands='' options='' arguments=()
    for row in "${__spacedrive_rows[@]}"; do
        [[ $row == "$1|"* || $row == '|-'* ]] || continue
        row=${row#*|} names=${row%%|*} row=${row#*|}
        case $names in
        -*) options+=" $names" ;;
        [0-9]) arguments+=("${row%%|*}") ;;
        *) commands+=" $names" ;;
        esac
    done
}

# Sets value to what the option $2 of the command $1 takes: words, @kinds that
# the program knows, /dir or /file. Fails where it takes none.
__spacedrive_takes() {
    local row names
    value=''
    for row in "${__spacedrive_rows[@]}"; do
        [[ $row == "$1|"* || $row == '|-'* ]] || continue
        row=${row#*|} names=${row%%|*} row=${row#*|}
        if [[ " $names " == *" $2 "* && $row == =* ]]; then
            value=${row%%|*} value=${value#=}
            return 0
        fi
    done
    return 1
}

# Adds the words of $1, a value, that begin with $2, each of them after $3.
__spacedrive_add() {
    local word line spec
    read -ra spec <<<"$1"
    for word in ${spec[@]+"${spec[@]}"}; do
        case $word in
        '*') ;;
        /dir) compopt -o dirnames 2>/dev/null ;;
        /file) compopt -o default 2>/dev/null ;;
        @*)
            # The words go as they were typed: nothing of the line is expanded.
            while IFS= read -r line; do
                [[ $line ]] && COMPREPLY+=("$3$line")
            done <<<"$(command "$program" complete --shell=bash "${word#@}" -- "${words[@]:0:last}" "$2" 2>/dev/null)"
            ;;
        "$2"*) COMPREPLY+=("$3$word") ;;
        esac
    done
}

_spacedrive() {
    COMPREPLY=()
    local IFS=$' \t\n' program=${1/#\~\//$HOME/} line=${COMP_LINE:0:COMP_POINT} words=() last=-1 i word trimmed cut=''

    type -P "$program" >/dev/null || program=spacedrive # an alias, or a function

    # Bash breaks words at = and : too. They are put together again, and cut is
    # the part of the last word that is not its own to replace.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        trimmed=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        word=${trimmed:0:${#word}}
        if ((i > 0)) && [[ $trimmed == "$line" ]] && [[ $word == [=:]* || ${words[last]} == *[=:] ]]; then
            cut=${words[last]}
            [[ $word == *[=:] ]] && cut+=$word
            words[last]+=$word
        else
            words[++last]=$word
            cut=''
        fi
        line=${trimmed:${#word}}
    done

    local path='' n=0 current=${words[last]} option='' plain='' commands options arguments value
    __spacedrive_at ''
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ $plain || $word != -* ]]; then
            if [[ ! $plain && $n == 0 && "$commands " == *" $word "* ]]; then
                path+=${path:+ }$word
                __spacedrive_at "$path"
            else
                ((n++))
            fi
        elif [[ $word == -- ]]; then
            plain=1
        elif [[ $word != *=* ]] && __spacedrive_takes "$path" "$word"; then
            ((++i == last)) && option=$word
        fi
    done

    if [[ $option ]]; then
        __spacedrive_add "$value" "$current" ''
    elif [[ ! $plain && $current == --*=* ]]; then
        __spacedrive_takes "$path" "${current%%=*}" && __spacedrive_add "$value" "${current#*=}" "${current%%=*}="
    elif [[ ! $plain && $current == -* ]]; then
        __spacedrive_add "$options" "$current" ''
    else
        if [[ ! $plain && $n == 0 ]]; then
            __spacedrive_add "$commands" "$current" ''
        fi
        ((n >= ${#arguments[@]} && ${#arguments[@]} > 0)) && [[ ${arguments[${#arguments[@]} - 1]} == '*'* ]] && n=$((${#arguments[@]} - 1))
        ((n < ${#arguments[@]})) && __spacedrive_add "${arguments[n]}" "$current" ''
    fi

    # What readline does not replace is not repeated.
    for i in ${COMPREPLY[@]+"${!COMPREPLY[@]}"}; do
        if [[ ${COMPREPLY[i]} == "$cut"* ]]; then
            COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
        else
            unset "COMPREPLY[i]"
        fi
    done
}

# Paths are completed by bash itself, which knows best how to quote them.
if type compopt &>/dev/null; then
    complete -F _spacedrive spacedrive
else # before bash 4
    complete -o default -F _spacedrive spacedrive
fi
