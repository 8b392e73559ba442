# Completion of toy for fish, made by: toy completion fish

# Whether the option $argv[2] of the command $argv[1] takes the next word.
function __toy_takes
    contains -- $argv[2] $__toy_takes; or contains -- "$argv[1]$argv[2]" $__toy_takes
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

# Has fish complete what a row is about: COMMAND|NAMES|VALUE|HELP.
function __toy_row
    set -l field (string split -m 3 '|' -- $argv[1])
    set -l takes
    string match -q '=*' -- $field[3]; and set takes -r
    set -l number ''
    set -l value -f
    set -l ways
    for word in (string split -n ' ' -- (string replace -r '^=' '' -- $field[3]))
        switch $word
            case '\*'
                set number +
            case '@*'
                set -a ways "(__toy_ask "(string sub -s 2 -- $word)")"
            case /dir
                set -a ways "(__fish_complete_directories (string replace -r -- '^--[^=]*=' '' (commandline -ct)) '')"
            case /file
                set value -F
            case '*'
                set -a ways $word
        end
    end
    set -q ways[1]; and set -a value -a "$ways"
    switch $field[2]
        case '-*'
            set -l rule
            for name in (string split ' ' -- $field[2])
                set -q takes[1]; and set -a __toy_takes "$field[1]$name"
                if string match -q -- '--*' $name
                    set -a rule -l (string sub -s 3 -- $name)
                else
                    set -a rule -s (string sub -s 2 -- $name)
                end
            end
            test -n "$field[1]"; and set -a rule -n "__toy_at '$field[1]'"
            set -q takes[1]; and set -a rule $takes $value
            complete -c toy $rule -d $field[4]
        case '?' # an argument, as no command's name is so short
            test "$value" != -f; and complete -c toy -n "__toy_at '$field[1]' $field[2]$number" $value
        case '*'
            set -a __toy_commands (string trim -- "$field[1] $field[2]")
            complete -c toy -n "__toy_at '$field[1]' 0" -a $field[2] -d $field[4]
    end
end

set -g __toy_commands
set -g __toy_takes
complete -c toy -f
for row in \
    '|--help -h||Show context-sensitive help' \
    '|--quiet -q||It\'s "quiet": $(touch pwned) [really]; 100% \\o/' \
    '|--where|=/dir|A folder' \
    '|cut||Cut: it\'s $HOME [here]' \
    'cut|--how -f|=fast slow|How to cut' \
    'cut|--tool|=* @tools|With what' \
    'cut|0|@things /dir|' \
    'cut|1|* one other|' \
    '|tree||Grow trees' \
    'tree|--far||Further' \
    'tree|plant||Plant one' \
    'tree plant|--deep||Deeply' \
    'tree plant|0|oak fir|' \
    'tree|look||Look at all' \
    'tree look|--far||Further'
    __toy_row $row
end
