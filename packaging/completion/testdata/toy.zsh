#compdef toy
# Completion of toy for zsh, made by: toy completion zsh

# What may follow each command: COMMAND|NAMES|VALUE|HELP.
typeset -ga _toy_rows=(
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

# Offers what the program knows of the kind $1. The words of the line go to it
# as they were typed: nothing of them is expanded.
_toy_ask() {
    local program=${(Q)typed[1]} line
    local -a values shown expl
    [[ $program == \~/* ]] && program=$HOME/${program#\~/}
    whence -p $program >/dev/null || program=toy # an alias, or a function
    for line in "${(@f)$(command $program complete --shell=zsh $1 -- "${(@)typed}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done
    (( $#values )) || return 1
    _wanted $1 expl $1 compadd -l -d shown -a values
}

# Sets REPLY to what has _arguments complete the value $1.
_toy_action() {
    local word
    local -a words ways
    for word in ${=1}; do
        case $word in
        '*') ;;
        @*) ways+=("_toy_ask ${word#@}") ;;
        /dir) ways+=('_files -/') ;;
        /file) ways+=(_files) ;;
        *) words+=($word) ;;
        esac
    done
    REPLY="($words)" # and not " ", with which zsh lists options and inserts none
    (( $#ways )) && REPLY="{ ${(j: || :)ways} }"
}

# Completes what follows the command $1.
_toy_at() {
    local curcontext=$curcontext context state line row name value help before after REPLY MATCH MBEGIN MEND
    typeset -A opt_args
    local -a field names specs commands
    for row in $_toy_rows; do
        field=("${(@s:|:)row}")
        [[ $field[1] == $1 || -z $field[1] && $field[2] == -* ]] || continue
        names=(${=field[2]}) value=$field[3] help=${(j:|:)field[4,-1]}
        _toy_action "${value#=}"
        case $names[1] in
        -*)
            before="($names)" after="[${help//(#m)[\\\[\]:]/\\$MATCH}]"
            [[ $value == '=*'* ]] && before='*'
            [[ $value == =* ]] && after+=":${names[1]#--}:$REPLY"
            for name in $names; do
                case $value$name in
                =*--*) name+='=' ;;
                =*-?) name+='+' ;;
                esac
                specs+=("$before$name$after")
            done
            ;;
        <->)
            [[ $value == '*'* ]] && name='*' || name=$((names[1] + 1))
            specs+=("$name: :$REPLY")
            ;;
        *) commands+=("$names[1]:$help") ;;
        esac
    done
    if (( ! $#commands )); then
        _arguments -s -S $specs
        return
    fi
    _arguments -s -S -C $specs '1: :->command' '*:: :->rest' && return
    case $state in
    command) _describe -t commands command commands ;;
    rest) _toy_at "${1:+$1 }$line[1]" ;;
    esac
}

_toy() {
    local -a typed=("${(@)words[1,CURRENT]}")
    _toy_at ''
}

if [[ $funcstack[1] == _toy ]]; then
    _toy "$@" # found on fpath
else
    compdef _toy toy # sourced
fi
