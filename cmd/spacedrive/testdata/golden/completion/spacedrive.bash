# Completion of spacedrive for bash, made by: spacedrive completion bash
# shellcheck shell=bash

# Sets commands, options and arguments to what may follow the command $1.
__spacedrive_at() {
    commands='' options='--help -h --instance --data-dir --socket --system --host --ssh --standalone --library --config --json --quiet -q --no-color --reconnect --version' arguments=()
    case $1 in
    '')
        commands='help quickstart job library location search config restart service start status stop debug doctor events logs version call completion methods'
        ;;
    'help')
        arguments=('* @commands')
        ;;
    'quickstart')
        arguments=('/dir')
        ;;
    'job')
        commands='list show watch pause resume cancel'
        ;;
    'job list')
        options+=' --status --kind --limit'
        ;;
    'job show')
        arguments=('@jobs')
        ;;
    'job watch')
        arguments=('@jobs-unfinished')
        ;;
    'job pause')
        arguments=('@jobs-active')
        ;;
    'job resume')
        arguments=('@jobs-paused')
        ;;
    'job cancel')
        arguments=('@jobs-unfinished')
        ;;
    'library')
        commands='create list info rename delete use'
        ;;
    'library create')
        arguments=('')
        ;;
    'library list')
        ;;
    'library info')
        arguments=('@libraries')
        ;;
    'library rename')
        arguments=('@libraries' '')
        ;;
    'library delete')
        options+=' --yes -y --delete-data'
        arguments=('@libraries')
        ;;
    'library use')
        arguments=('@libraries')
        ;;
    'location')
        commands='add list remove rescan'
        ;;
    'location add')
        options+=' --name --mode --no-wait'
        arguments=('/dir')
        ;;
    'location list')
        ;;
    'location remove')
        arguments=('@locations /dir')
        ;;
    'location rescan')
        options+=' --full --no-wait'
        arguments=('@locations /dir')
        ;;
    'search')
        options+=' --ext --kind --size --modified --in --under --sort --limit --hidden --null -0'
        arguments=('* ')
        ;;
    'config')
        ;;
    'restart')
        ;;
    'service')
        commands='install uninstall start stop restart status'
        ;;
    'service install')
        options+=' --dry-run --manager'
        ;;
    'service uninstall')
        options+=' --dry-run'
        ;;
    'service start')
        ;;
    'service stop')
        ;;
    'service restart')
        ;;
    'service status')
        ;;
    'start')
        options+=' --foreground'
        ;;
    'status')
        ;;
    'stop')
        options+=' --socket'
        ;;
    'debug')
        commands='show bundle metrics'
        options+=' --goroutines --limit'
        ;;
    'debug show')
        options+=' --goroutines --limit'
        ;;
    'debug bundle')
        arguments=('/file')
        ;;
    'debug metrics')
        ;;
    'doctor')
        ;;
    'events')
        options+=' --type --after'
        ;;
    'logs')
        options+=' --follow -f --lines -n --level --target --job'
        ;;
    'version')
        ;;
    'call')
        arguments=('@methods' '')
        ;;
    'completion')
        arguments=('bash zsh fish')
        ;;
    'methods')
        arguments=('@methods')
        ;;
    esac
}

# Sets value to what the option $2 of the command $1 takes: words, @kinds that
# the program knows, /dir or /file. Fails where it takes none.
__spacedrive_takes() {
    value=''
    case $1:$2 in
    'job list':--status) value='queued running paused completed failed cancelled' ;;
    'job list':--kind) value='' ;;
    'job list':--limit) value='' ;;
    'location add':--name) value='' ;;
    'location add':--mode) value='shallow content deep' ;;
    'search':--ext) value='' ;;
    'search':--kind) value='@kinds' ;;
    'search':--size) value='' ;;
    'search':--modified) value='' ;;
    'search':--in) value='@locations /dir' ;;
    'search':--under) value='/dir' ;;
    'search':--sort) value='relevance name size modified created' ;;
    'search':--limit) value='' ;;
    'service install':--manager) value='systemd launchd openrc sysv' ;;
    'debug':--limit) value='' ;;
    'debug show':--limit) value='' ;;
    'events':--type) value='@event-types' ;;
    'events':--after) value='' ;;
    'logs':--lines | 'logs':-n) value='' ;;
    'logs':--level) value='trace debug info warn error' ;;
    'logs':--target) value='' ;;
    'logs':--job) value='@jobs' ;;
    *:--instance) value='@instances' ;;
    *:--data-dir) value='/dir' ;;
    *:--socket) value='/file' ;;
    *:--host) value='' ;;
    *:--ssh) value='' ;;
    *:--library) value='@libraries' ;;
    *:--config) value='/file' ;;
    *:--reconnect) value='' ;;
    *) return 1 ;;
    esac
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
            if [[ ! $plain && $n == 0 && " $commands " == *" $word "* ]]; then
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
