# Completion of toy for fish, made by: toy completion fish

set -g __toy_commands \
    'cut' \
    'tree' \
    'tree plant' \
    'tree look'

# Whether the option $argv[2] of the command $argv[1] takes the next word.
function __toy_takes
    switch "$argv[1]$argv[2]"
        case '*--where'
            return 0
        case 'cut--how' 'cut-f' 'cut--tool'
            return 0
    end
    return 1
end

# Whether what is completed belongs to the command $argv[1] and, with $argv[2],
# is its argument of that number; 1+ is the second one or any after it.
function __toy_at
    set -l path ''
    set -l n 0
    set -l value ''
    set -l plain ''
    for word in (commandline -opc)[2..-1]
        if test -n "$value"
            set value ''
        else if test -z "$plain"; and test "$word" = --
            set plain 1
        else if test -z "$plain"; and string match -q -- '-*' $word
            if not string match -q -- '*=*' $word; and __toy_takes "$path" $word
                set value 1
            end
        else if test -z "$plain"; and test $n = 0; and contains -- (string trim -- "$path $word") $__toy_commands
            set path (string trim -- "$path $word")
        else
            set n (math $n + 1)
        end
    end
    test "$path" = "$argv[1]"; or return 1
    if test -n "$argv[2]"; and test -z "$plain"; and string match -q -- '-*' (commandline -ct)
        return 1
    end
    switch "$argv[2]"
        case ''
            return 0
        case '*+'
            test $n -ge (string trim -r -c + -- $argv[2])
        case '*'
            test $n = $argv[2]
    end
end

# Prints what the program knows of the kind $argv[1]. The words of the line go
# to it as they were typed: nothing of them is expanded.
function __toy_ask
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    command -q $program; or set program toy # an alias, or a function
    # Behind --option= the value alone is the word.
    command $program complete --shell=fish $argv[1] -- $words (string replace -r -- '^--[^=]*=' '' (commandline -ct)) 2>/dev/null
end

complete -c toy -f
complete -c toy -l help -s h -d 'Show context-sensitive help'
complete -c toy -l quiet -s q -d 'It\'s "quiet": $(touch pwned) [really]; 100% \\o/'
complete -c toy -l where -r -f -a '(__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')' -d 'A folder'
complete -c toy -n '__toy_at \'\' 0' -a cut -d 'Cut: it\'s $HOME [here]'
complete -c toy -n '__toy_at \'\' 0' -a tree -d 'Grow trees'

# cut
complete -c toy -n '__toy_at \'cut\'' -l how -s f -r -f -a 'fast slow' -d 'How to cut'
complete -c toy -n '__toy_at \'cut\'' -l tool -r -f -a '(__toy_ask tools)' -d 'With what'
complete -c toy -n '__toy_at \'cut\' 0' -f -a '(__toy_ask things) (__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')'
complete -c toy -n '__toy_at \'cut\' 1+' -f -a 'one other'

# tree
complete -c toy -n '__toy_at \'tree\'' -l far -d 'Further'
complete -c toy -n '__toy_at \'tree\' 0' -a plant -d 'Plant one'
complete -c toy -n '__toy_at \'tree\' 0' -a look -d 'Look at all'

# tree plant
complete -c toy -n '__toy_at \'tree plant\'' -l deep -d 'Deeply'
complete -c toy -n '__toy_at \'tree plant\' 0' -f -a 'oak fir'

# tree look
complete -c toy -n '__toy_at \'tree look\'' -l far -d 'Further'