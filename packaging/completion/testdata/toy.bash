# Completion of toy for bash, made by: toy completion bash
# shellcheck shell=bash

# What may follow each command: COMMAND|NAMES|VALUE|HELP.
# shellcheck disable=SC2016 # nothing of it is to be expanded
__toy_rows=(
    '|--help -h||Show context-sensitive help'
    '|--quiet -q||It'\''s "quiet": $(touch pwned) [really]; 100% \o/'
    '|--where|=/dir|A folder'
    '|cut||Cut: it'\''s $HOME [here]'
    'cut|--how -f|=fast slow|How to cut'
    'cut|--tool|=* @tools|With what'
    'cut|0|@things /dir|'
    'cut|1|* one other|'
    '|tree||Grow trees'
    'tree|--far||Further'
    'tree|plant||Plant one'
    'tree plant|--deep||Deeply'
    'tree plant|0|oak fir|'
    'tree|look||Look at all'
    'tree look|--far||Further'
)

# Sets commands, options and arguments to what may follow the command $1.
__toy_at() {
    local row names
    commands='' options='' arguments=()
    for row in "${__toy_rows[@]}"; do
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
__toy_takes() {
    local row names
    value=''
    for row in "${__toy_rows[@]}"; do
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
__toy_add() {
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

_toy() {
    COMPREPLY=()
    local IFS=$' \t\n' program=${1/#\~\//$HOME/} line=${COMP_LINE:0:COMP_POINT} words=() last=-1 i word trimmed cut=''

    type -P "$program" >/dev/null || program=toy # an alias, or a function

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
    __toy_at ''
    for ((i = 1; i < last; i++)); do
        word=${words[i]}
        if [[ $plain || $word != -* ]]; then
            if [[ ! $plain && $n == 0 && "$commands " == *" $word "* ]]; then
                path+=${path:+ }$word
                __toy_at "$path"
            else
                ((n++))
            fi
        elif [[ $word == -- ]]; then
            plain=1
        elif [[ $word != *=* ]] && __toy_takes "$path" "$word"; then
            ((++i == last)) && option=$word
        fi
    done

    if [[ $option ]]; then
        __toy_add "$value" "$current" ''
    elif [[ ! $plain && $current == --*=* ]]; then
        __toy_takes "$path" "${current%%=*}" && __toy_add "$value" "${current#*=}" "${current%%=*}="
    elif [[ ! $plain && $current == -* ]]; then
        __toy_add "$options" "$current" ''
    else
        if [[ ! $plain && $n == 0 ]]; then
            __toy_add "$commands" "$current" ''
        fi
        ((n >= ${#arguments[@]} && ${#arguments[@]} > 0)) && [[ ${arguments[${#arguments[@]} - 1]} == '*'* ]] && n=$((${#arguments[@]} - 1))
        ((n < ${#arguments[@]})) && __toy_add "${arguments[n]}" "$current" ''
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
    complete -F _toy toy
else # before bash 4
    complete -o default -F _toy toy
fi
