# Completion of spacedrive for fish, made by: spacedrive completion fish

set -g __spacedrive_commands \
    'quickstart' \
    'start' \
    'stop' \
    'restart' \
    'status' \
    'library' \
    'library create' \
    'library list' \
    'library info' \
    'library rename' \
    'library delete' \
    'library use' \
    'location' \
    'location add' \
    'location list' \
    'location remove' \
    'location rescan' \
    'search' \
    'job' \
    'job list' \
    'job show' \
    'job watch' \
    'job pause' \
    'job resume' \
    'job cancel' \
    'events' \
    'logs' \
    'call' \
    'methods' \
    'doctor' \
    'debug' \
    'debug show' \
    'debug bundle' \
    'debug metrics' \
    'service' \
    'service install' \
    'service uninstall' \
    'service start' \
    'service stop' \
    'service restart' \
    'service status' \
    'config' \
    'completion' \
    'version'

# Whether the option $argv[2] of the command $argv[1] takes the next word.
function __spacedrive_takes
    switch "$argv[1]$argv[2]"
        case '*--instance' '*--data-dir' '*--socket' '*--host' '*--ssh' '*--library' '*--config' '*--reconnect'
            return 0
        case 'location add--name' 'location add--mode'
            return 0
        case 'search--ext' 'search--kind' 'search--size' 'search--modified' 'search--in' 'search--under' 'search--sort' 'search--limit'
            return 0
        case 'job list--status' 'job list--kind' 'job list--limit'
            return 0
        case 'events--type' 'events--after'
            return 0
        case 'logs--lines' 'logs-n' 'logs--level' 'logs--target' 'logs--job'
            return 0
        case 'debug--limit'
            return 0
        case 'debug show--limit'
            return 0
        case 'service install--manager'
            return 0
    end
    return 1
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

complete -c spacedrive -f
complete -c spacedrive -l help -s h -d 'Print help'
complete -c spacedrive -l instance -r -f -a '(__spacedrive_ask instances)' -d 'Instance of the daemon (default: default)'
complete -c spacedrive -l data-dir -r -f -a '(__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')' -d 'Data folder of the daemon'
complete -c spacedrive -l socket -r -F -d 'Socket of the daemon'
complete -c spacedrive -l system -d 'Talk to this machine\'s daemon, which serves the group spacedrive, instead of your own'
complete -c spacedrive -l host -r -f -d 'Talk to the daemon of another machine, through ssh'
complete -c spacedrive -l ssh -r -f -d 'The ssh that --host uses, with its options (default: ssh)'
complete -c spacedrive -l standalone -d 'Where no daemon has the data, run one for this command alone, on its stdin and stdout'
complete -c spacedrive -l library -r -f -a '(__spacedrive_ask libraries)' -d 'Library to work in (default: see \'library use\')'
complete -c spacedrive -l config -r -F -d 'Configuration file'
complete -c spacedrive -l json -d 'Print JSON: one document, or a line for each event'
complete -c spacedrive -l quiet -s q -d 'Print results and errors only'
complete -c spacedrive -l no-color -d 'No colour, as with NO_COLOR set'
complete -c spacedrive -l reconnect -r -f -d 'How long a command that watches waits for a daemon that is gone'
complete -c spacedrive -l version -d 'Print the version, and do nothing else'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a quickstart -d 'Start the daemon, index a folder, and show what to do next'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a start -d 'Start the daemon'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a stop -d 'Stop the daemon'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a restart -d 'Stop the daemon and start it again'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a status -d 'Tell how the daemon is'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a library -d 'Create, list, show, rename, delete and choose libraries'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a location -d 'Add, list, rescan and remove folders to index'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a search -d 'Find files and folders by name'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a job -d 'List, show, watch, pause, resume and cancel jobs'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a events -d 'Print events as they happen'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a logs -d 'Print the daemon\'s log'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a call -d 'Call any operation of the daemon'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a methods -d 'List the daemon\'s operations, or describe one'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a doctor -d 'Look for what is wrong, and name the fix'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a debug -d 'Show what the daemon is doing, or write it down for others'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a service -d 'Install and control the service, with its socket'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a config -d 'Print the configuration in force, and where each value comes from'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a completion -d 'Print what completes commands in a shell'
complete -c spacedrive -n '__spacedrive_at \'\' 0' -a version -d 'Print the version'

# quickstart
complete -c spacedrive -n '__spacedrive_at \'quickstart\' 0' -f -a '(__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')'

# start
complete -c spacedrive -n '__spacedrive_at \'start\'' -l foreground -d 'Become the daemon instead of starting one beside'

# stop
complete -c spacedrive -n '__spacedrive_at \'stop\'' -l socket-unit -d 'Stop the systemd socket unit too, so that no connection starts the daemon again'

# restart

# status

# library
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a create -d 'Create a library'
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a list -d 'List the libraries'
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a info -d 'Show a library and what is in it'
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a rename -d 'Give a library another name'
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a delete -d 'Forget a library'
complete -c spacedrive -n '__spacedrive_at \'library\' 0' -a use -d 'Set the default library of the instance, in the configuration file'

# library create

# library list

# library info
complete -c spacedrive -n '__spacedrive_at \'library info\' 0' -f -a '(__spacedrive_ask libraries)'

# library rename
complete -c spacedrive -n '__spacedrive_at \'library rename\' 0' -f -a '(__spacedrive_ask libraries)'

# library delete
complete -c spacedrive -n '__spacedrive_at \'library delete\'' -l yes -s y -d 'Do not ask'
complete -c spacedrive -n '__spacedrive_at \'library delete\'' -l delete-data -d 'Remove the library\'s own data too'
complete -c spacedrive -n '__spacedrive_at \'library delete\' 0' -f -a '(__spacedrive_ask libraries)'

# library use
complete -c spacedrive -n '__spacedrive_at \'library use\' 0' -f -a '(__spacedrive_ask libraries)'

# location
complete -c spacedrive -n '__spacedrive_at \'location\' 0' -a add -d 'Add a folder to the library and index it'
complete -c spacedrive -n '__spacedrive_at \'location\' 0' -a list -d 'List the library\'s locations'
complete -c spacedrive -n '__spacedrive_at \'location\' 0' -a remove -d 'Forget a location and its entries'
complete -c spacedrive -n '__spacedrive_at \'location\' 0' -a rescan -d 'Look for what has changed in a location'

# location add
complete -c spacedrive -n '__spacedrive_at \'location add\'' -l name -r -f -d 'Name of the location (default: the folder\'s)'
complete -c spacedrive -n '__spacedrive_at \'location add\'' -l mode -r -f -a 'shallow content deep' -d 'How much is read of a file (default: shallow)'
complete -c spacedrive -n '__spacedrive_at \'location add\'' -l no-wait -d 'Do not wait until it is indexed'
complete -c spacedrive -n '__spacedrive_at \'location add\' 0' -f -a '(__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')'

# location list

# location remove
complete -c spacedrive -n '__spacedrive_at \'location remove\' 0' -f -a '(__spacedrive_ask locations) (__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')'

# location rescan
complete -c spacedrive -n '__spacedrive_at \'location rescan\'' -l full -d 'Read every folder and hash every file anew, changed or not'
complete -c spacedrive -n '__spacedrive_at \'location rescan\'' -l no-wait -d 'Do not wait until it is done'
complete -c spacedrive -n '__spacedrive_at \'location rescan\' 0' -f -a '(__spacedrive_ask locations) (__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')'

# search
complete -c spacedrive -n '__spacedrive_at \'search\'' -l ext -r -f -d 'Only files with this extension; may be repeated'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l kind -r -f -a '(__spacedrive_ask kinds)' -d 'Only entries of this kind, such as image or folder'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l size -r -f -d '+10M: 10 MiB or more'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l modified -r -f -d '7d: within the last 7 days'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l in -r -f -a '(__spacedrive_ask locations) (__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')' -d 'Only in this location: path, name or id'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l under -r -f -a '(__fish_complete_directories (string replace -r -- \'^--[^=]*=\' \'\' (commandline -ct)) \'\')' -d 'Only below this folder'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l sort -r -f -a 'relevance name size modified created' -d 'Order: relevance, name, size, modified, created'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l limit -r -f -d 'At most so many (default: 100 on a terminal, else all)'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l hidden -d 'Also hidden files, and what is in hidden folders'
complete -c spacedrive -n '__spacedrive_at \'search\'' -l null -s 0 -d 'End each path with a NUL instead of a newline'

# job
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a list -d 'List the library\'s jobs, newest first'
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a show -d 'Show a job with its output and warnings'
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a watch -d 'Watch a job, or all unfinished ones, to the end'
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a pause -d 'Pause a job at its next checkpoint'
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a resume -d 'Let a paused job go on'
complete -c spacedrive -n '__spacedrive_at \'job\' 0' -a cancel -d 'Cancel a job; what it did so far stays'

# job list
complete -c spacedrive -n '__spacedrive_at \'job list\'' -l status -r -f -a 'queued running paused completed failed cancelled' -d 'Only jobs in this state'
complete -c spacedrive -n '__spacedrive_at \'job list\'' -l kind -r -f -d 'Only jobs of this kind'
complete -c spacedrive -n '__spacedrive_at \'job list\'' -l limit -r -f -d 'At most so many'

# job show
complete -c spacedrive -n '__spacedrive_at \'job show\' 0' -f -a '(__spacedrive_ask jobs)'

# job watch
complete -c spacedrive -n '__spacedrive_at \'job watch\' 0' -f -a '(__spacedrive_ask jobs-unfinished)'

# job pause
complete -c spacedrive -n '__spacedrive_at \'job pause\' 0' -f -a '(__spacedrive_ask jobs-active)'

# job resume
complete -c spacedrive -n '__spacedrive_at \'job resume\' 0' -f -a '(__spacedrive_ask jobs-paused)'

# job cancel
complete -c spacedrive -n '__spacedrive_at \'job cancel\' 0' -f -a '(__spacedrive_ask jobs-unfinished)'

# events
complete -c spacedrive -n '__spacedrive_at \'events\'' -l type -r -f -a '(__spacedrive_ask event-types)' -d 'Only events of this type, such as JobUpdate'
complete -c spacedrive -n '__spacedrive_at \'events\'' -l after -r -f -d 'Begin after the event of this number'

# logs
complete -c spacedrive -n '__spacedrive_at \'logs\'' -l follow -s f -d 'Go on with new lines as they come'
complete -c spacedrive -n '__spacedrive_at \'logs\'' -l lines -s n -r -f -d 'Begin with the last so many lines'
complete -c spacedrive -n '__spacedrive_at \'logs\'' -l level -r -f -a 'trace debug info warn error' -d 'Only lines at least this severe'
complete -c spacedrive -n '__spacedrive_at \'logs\'' -l target -r -f -d 'Only lines of this part of the daemon, and of those below it'
complete -c spacedrive -n '__spacedrive_at \'logs\'' -l job -r -f -a '(__spacedrive_ask jobs)' -d 'Only lines about this job'

# call
complete -c spacedrive -n '__spacedrive_at \'call\' 0' -f -a '(__spacedrive_ask methods)'

# methods
complete -c spacedrive -n '__spacedrive_at \'methods\' 0' -f -a '(__spacedrive_ask methods)'

# doctor

# debug
complete -c spacedrive -n '__spacedrive_at \'debug\'' -l goroutines -d 'Show what the daemon\'s goroutines do, too'
complete -c spacedrive -n '__spacedrive_at \'debug\'' -l limit -r -f -d 'At most so many connections, calls and subscriptions'
complete -c spacedrive -n '__spacedrive_at \'debug\' 0' -a show -d 'Show connections, calls in flight, subscriptions and the runtime (the default)'
complete -c spacedrive -n '__spacedrive_at \'debug\' 0' -a bundle -d 'Write one archive with what helps to find a fault, and no private name'
complete -c spacedrive -n '__spacedrive_at \'debug\' 0' -a metrics -d 'Print the daemon\'s counters in the text format of Prometheus'

# debug show
complete -c spacedrive -n '__spacedrive_at \'debug show\'' -l goroutines -d 'Show what the daemon\'s goroutines do, too'
complete -c spacedrive -n '__spacedrive_at \'debug show\'' -l limit -r -f -d 'At most so many connections, calls and subscriptions'

# debug bundle
complete -c spacedrive -n '__spacedrive_at \'debug bundle\' 0' -F

# debug metrics

# service
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a install -d 'Put what the service manager needs into place'
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a uninstall -d 'Stop the service and remove what was installed'
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a start -d 'Start the service'
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a stop -d 'Stop the service; under systemd its socket still listens'
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a restart -d 'Restart the service'
complete -c spacedrive -n '__spacedrive_at \'service\' 0' -a status -d 'Tell how the socket and the service are'

# service install
complete -c spacedrive -n '__spacedrive_at \'service install\'' -l dry-run -d 'Only print what would be written'
complete -c spacedrive -n '__spacedrive_at \'service install\'' -l manager -r -f -a 'systemd launchd openrc sysv' -d 'With --dry-run'

# service uninstall
complete -c spacedrive -n '__spacedrive_at \'service uninstall\'' -l dry-run -d 'Only tell what would be done'

# service start

# service stop

# service restart

# service status

# config

# completion
complete -c spacedrive -n '__spacedrive_at \'completion\' 0' -f -a 'bash zsh fish'

# version