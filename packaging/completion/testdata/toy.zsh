#compdef toy
# Completion of toy for zsh, made by: toy completion zsh

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

_toy_cut() {
    _arguments -s -S $global \
        '(--how -f)--how=[How to cut]:HOW:(fast slow)' '(--how -f)-f+[How to cut]:HOW:(fast slow)' \
        '*--tool=[With what]:TOOL: _toy_ask tools' \
        '1:THING:{ _toy_ask things || _files -/ }' \
        '*:REST:(one other)' \
        && return
}

_toy_tree() {
    local context state line
    typeset -A opt_args
    _arguments -s -S -C $global \
        '--far[Further]' \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
            'plant:Plant one'
            'look:Look at all'
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
        plant) _toy_tree_plant ;;
        look) _toy_tree_look ;;
        esac
        ;;
    esac
}

_toy_tree_plant() {
    _arguments -s -S $global \
        '--deep[Deeply]' \
        '1:KIND:(oak fir)' \
        && return
}

_toy_tree_look() {
    _arguments -s -S $global \
        '--far[Further]' \
        && return
}

_toy() {
    local curcontext=$curcontext context state line
    typeset -A opt_args
    local -a typed=("${(@)words[1,CURRENT]}")
    local -a global=(
        '(--help -h)--help[Show context-sensitive help]' '(--help -h)-h[Show context-sensitive help]' \
        '(--quiet -q)--quiet[It'\''s "quiet"\: $(touch pwned) \[really\]; 100% \\o/]' '(--quiet -q)-q[It'\''s "quiet"\: $(touch pwned) \[really\]; 100% \\o/]' \
        '--where=[A folder]:WHERE:_files -/' \
    )
    local -a commands=(
        'cut:Cut: it'\''s $HOME [here]'
        'tree:Grow trees'
    )
    _arguments -s -S -C $global '1: :->command' '*:: :->rest' && return
    case $state in
    command) _describe -t commands command commands ;;
    rest)
        case $line[1] in
        cut) _toy_cut ;;
        tree) _toy_tree ;;
        esac
        ;;
    esac
}

if [[ $funcstack[1] == _toy ]]; then
    _toy "$@" # found on fpath
else
    compdef _toy toy # sourced
fi
