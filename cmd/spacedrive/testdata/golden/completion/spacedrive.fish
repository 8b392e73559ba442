# Completion of spacedrive for fish, made by: spacedrive completion fish

# Whether the option $argv[2] of the command $argv[1] takes the next word.
function __spacedrive_takes
    contains -- $argv[2] $__spacedrive_takes; or contains -- "$argv[1]$argv[2]" $__spacedrive_takes
end

# Whether what is completed belongs to the command $argv[1] and, with $argv[2],
# is its argument of that number; 1+ is the second one or any after it.
function __spacedrive_at
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
            if not string match -q -- '*=*' $word; and __spacedrive_takes "$path" $word
                set value 1
            end
        else if test -z "$plain"; and test $n = 0; and contains -- (string trim -- "$path $word") $__spacedrive_commands
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
function __spacedrive_ask
    set -l words (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    command -q $program; or set program spacedrive # an alias, or a function
    # Behind --option= the value alone is the word.
    command $program complete --shell=fish $argv[1] -- $words (string replace -r -- '^--[^=]*=' '' (commandline -ct)) 2>/dev/null
end

# Has fish complete what a row is about: COMMAND|NAMES|VALUE|HELP.
function __spacedrive_row
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
                set -a ways "(__spacedrive_ask "(string sub -s 2 -- $word)")"
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
                set -q takes[1]; and set -a __spacedrive_takes "$field[1]$name"
                if string match -q -- '--*' $name
                    set -a rule -l (string sub -s 3 -- $name)
                else
                    set -a rule -s (string sub -s 2 -- $name)
                end
            end
            test -n "$field[1]"; and set -a rule -n "__spacedrive_at '$field[1]'"
            set -q takes[1]; and set -a rule $takes $value
            complete -c spacedrive $rule -d $field[4]
        case '?' # an argument, as no command's name is so short
            test "$value" != -f; and complete -c spacedrive -n "__spacedrive_at '$field[1]' $field[2]$number" $value
        case '*'
            set -a __spacedrive_commands (string trim -- "$field[1] $field[2]")
            complete -c spacedrive -n "__spacedrive_at '$field[1]' 0" -a $field[2] -d $field[4]
    end
end

set -g __spacedrive_commands
set -g __spacedrive_takes
complete -c spacedrive -f
for row in \
    '|--help -h||Print help' \
    '|--instance|=@instances|Instance of the daemon (default: default)' \
    '|--data-dir|=/dir|Data folder of the daemon' \
    '|--socket|=/file|Socket of the daemon' \
    '|--system||Talk to this machine\'s daemon, which serves the group spacedrive, instead of your own' \
    '|--host|=|Talk to the daemon of another machine, through ssh' \
    '|--ssh|=|The ssh that --host uses, with its options (default: ssh)' \
    '|--standalone||Where no daemon has the data, run one for this command alone, on its stdin and stdout' \
    '|--library|=@libraries|Library to work in (default: see \'library use\')' \
    '|--config|=/file|Configuration file' \
    '|--json||Print JSON: one document, or a line for each event' \
    '|--quiet -q||Print results and errors only' \
    '|--no-color||No colour, as with NO_COLOR set' \
    '|--reconnect|=|How long a command that watches waits for a daemon that is gone' \
    '|--version||Print the version, and do nothing else' \
    '|help||Show help on a command' \
    'help|0|* @commands|The command (default: spacedrive itself)' \
    '|quickstart||Start the daemon, index a folder, and show what to do next' \
    'quickstart|0|/dir|Folder to index (default: the current one)' \
    '|index||Scan files and folders once, without a location' \
    'index|--mode|=shallow content deep|How much is read of a file (default: shallow)' \
    'index|--persistent||Rescan these parts of a location instead' \
    'index|--hidden||Also hidden files, and what is in hidden folders' \
    'index|--no-wait||Do not wait until it is done' \
    'index|0|* /file|Files and folders' \
    '|job||List, show, watch, pause, resume and cancel jobs' \
    'job|list||List the library\'s jobs, newest first' \
    'job list|--status|=queued running paused completed failed cancelled|Only jobs in this state' \
    'job list|--kind|=|Only jobs of this kind' \
    'job list|--limit|=|At most so many' \
    'job|show||Show a job with its output and warnings' \
    'job show|0|@jobs|Id of the job' \
    'job|watch||Watch a job, or all unfinished ones, to the end' \
    'job watch|0|@jobs-unfinished|Id of the job (default: all that have not ended)' \
    'job|pause||Pause a job at its next checkpoint' \
    'job pause|0|@jobs-active|Id of the job' \
    'job|resume||Let a paused job go on' \
    'job resume|0|@jobs-paused|Id of the job' \
    'job|cancel||Cancel a job; what it did so far stays' \
    'job cancel|0|@jobs-unfinished|Id of the job' \
    '|library||Create, list, show, rename, delete and choose libraries' \
    'library|create||Create a library' \
    'library create|0||Name: 1 to 64 characters of any script, no path separators' \
    'library|list||List the libraries' \
    'library|info||Show a library and what is in it' \
    'library info|0|@libraries|Name or id (default: the library in use)' \
    'library|rename||Give a library another name' \
    'library rename|0|@libraries|Name or id' \
    'library rename|1||New name' \
    'library|delete||Forget a library' \
    'library delete|--yes -y||Do not ask' \
    'library delete|--delete-data||Remove the library\'s own data too' \
    'library delete|0|@libraries|Name or id' \
    'library|use||Set the default library of the instance, in the configuration file' \
    'library use|0|@libraries|Name or id' \
    '|location||Add, list, rescan and remove folders to index' \
    'location|add||Add a folder to the library and index it' \
    'location add|--name|=|Name of the location (default: the folder\'s)' \
    'location add|--mode|=shallow content deep|How much is read of a file (default: shallow)' \
    'location add|--no-wait||Do not wait until it is indexed' \
    'location add|0|/dir|Folder to index' \
    'location|list||List the library\'s locations' \
    'location|remove||Forget a location and its entries' \
    'location remove|0|@locations /dir|Path, name, or id' \
    'location|rescan||Look for what has changed in a location' \
    'location rescan|--full||Read every folder and hash every file again, changed or not' \
    'location rescan|--no-wait||Do not wait until it is done' \
    'location rescan|0|@locations /dir|Path, name, or id' \
    '|search||Find files and folders by name' \
    'search|--ext|=*|Only files with this extension; may be repeated' \
    'search|--kind|=* @kinds|Only entries of this kind, such as image or folder' \
    'search|--size|=*|+10M: 10 MiB or more' \
    'search|--modified|=*|7d: within the last 7 days' \
    'search|--in|=@locations /dir|Only in this location: path, name or id' \
    'search|--under|=/dir|Only below this folder' \
    'search|--sort|=relevance name size modified created|Order: relevance, name, size, modified, created' \
    'search|--limit|=|At most so many (default: 100 on a terminal, else all)' \
    'search|--hidden||Also hidden files, and what is in hidden folders' \
    'search|--null -0||End each path with a NUL instead of a newline' \
    'search|0|*|Words that the name must hold, in any order' \
    '|config||Print the configuration in force, and where each value comes from' \
    '|restart||Stop the daemon and start it again' \
    '|service||Install and control the service, with its socket' \
    'service|install||Put what the service manager needs into place' \
    'service install|--dry-run||Only print what would be written' \
    'service install|--manager|=systemd launchd openrc sysv|With --dry-run' \
    'service|uninstall||Stop the service and remove what was installed' \
    'service uninstall|--dry-run||Only print what would be done' \
    'service|start||Start the service' \
    'service|stop||Stop the service; under systemd its socket still listens' \
    'service|restart||Restart the service' \
    'service|status||Show the state of the socket and of the service' \
    '|start||Start the daemon' \
    'start|--foreground||Become the daemon instead of starting one beside' \
    '|status||Show the state of the daemon' \
    '|stop||Stop the daemon' \
    'stop|--socket||Stop the systemd socket unit too, so that no connection starts the daemon again' \
    '|debug||Show what the daemon is doing, or write it down for others' \
    'debug|--goroutines||Show what the daemon\'s goroutines do, too' \
    'debug|--limit|=|At most so many connections, calls and subscriptions' \
    'debug|show||Show connections, calls in flight, subscriptions and the runtime (the default)' \
    'debug show|--goroutines||Show what the daemon\'s goroutines do, too' \
    'debug show|--limit|=|At most so many connections, calls and subscriptions' \
    'debug|bundle||Write one archive with what helps to find a fault, and no private name' \
    'debug bundle|0|/file|Archive to write' \
    'debug|metrics||Print the daemon\'s counters in the text format of Prometheus' \
    '|doctor||Look for what is wrong, and name the fix' \
    '|events||Print events as they happen' \
    'events|--type|=* @event-types|Only events of this type, such as JobUpdate' \
    'events|--after|=|Begin after the event of this number' \
    '|logs||Print the daemon\'s log' \
    'logs|--follow -f||Go on with new lines as they come' \
    'logs|--lines -n|=|Begin with the last so many lines' \
    'logs|--level|=trace debug info warn error|Only lines at least this severe' \
    'logs|--target|=|Only lines of this part of the daemon, and of those below it' \
    'logs|--job|=@jobs|Only lines about this job' \
    '|version||Print the version' \
    '|call||Call any operation of the daemon' \
    'call|0|@methods|Operation, such as core.status or query:libraries.list.v1' \
    'call|1||Its input as JSON, or - to read it from stdin (default: {})' \
    '|completion||Print the completion script for a shell' \
    'completion|0|bash zsh fish|The shell: bash, zsh, fish' \
    '|methods||List the daemon\'s operations, or describe one' \
    'methods|0|@methods|Operation to describe, with its input and output schemas'
    __spacedrive_row $row
end
