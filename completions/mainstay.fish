# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mainstay_global_optspecs
    string join \n f/file= state= format= o/output= color= q/quiet v/verbose now= h/help V/version
end

function __fish_mainstay_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mainstay_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mainstay_using_subcommand
    set -l cmd (__fish_mainstay_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mainstay -n "__fish_mainstay_needs_command" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_needs_command" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_needs_command" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_needs_command" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_needs_command" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_needs_command" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_needs_command" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_needs_command" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_needs_command" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "plan" -d 'Show what happens when, and what changed since the published schedule'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "run" -d 'Do maintenance: what is due, or the tasks that are named'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "validate" -d 'Tell whether plan files are right, and whether the live system is as they say'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "monitor" -d 'Measure, judge and alert once'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "report" -d 'Say where things stand, to people'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "audit" -d 'Show, verify and export the record of everything that happened'
complete -c mainstay -n "__fish_mainstay_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l horizon -d 'How far to look ahead' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l from -d 'Pretend that it is this time: 2026-12-20, 2026-12-20T02:30 or RFC 3339 [default: now]' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l effort -d 'How long to look for a better schedule, or how many to try; it ends sooner once none can be better' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l seed -d 'Decides between schedules that are equally good; with an effort in numbers, the same seed gives the same plan' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l from-file -d 'Show, or publish, the plan that `--output plan.json` wrote instead of a new one' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l explain -d 'Say when this task runs next, why not before, and when that could change' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l at -d 'The time to explain, in the forms of --from; what only the present tells is unknown then [default: now]' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l calendar -d 'Say when this task is due next or this window opens; without a name, all of them' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l approve -d 'Approve the published occurrences that need it, or those of these tasks, with your SSH key' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l key -d 'The key that signs, or the public key of one that the agent holds [env: MAINSTAY_KEY] [default: the first of ~/.ssh, then of the agent, that the signers file knows]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l identity -d 'Who signs [default: whom the signers file gives the key to]' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s n -l number -d 'How many of these times' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l publish -d 'Make this the schedule in force'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l detailed-exitcode -d 'Exit with 1 when it differs from the published schedule'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l gantt -d 'Show bars over time instead of a table'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -l on-demand -d 'Approve the next run on demand within 24 hours, also of a task with a schedule'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand plan" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l jobs -d 'How many runs may go at the same time' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l resume -d 'Go on with a run that stopped in its middle; without RUN with the one that there is' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l assume -d 'With --resume: whether a step that was interrupted, and may not be repeated, is done' -r -f -a "done\t'They did what they should: they are not repeated'
not-done\t'They did not: they are done again'"
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l progress -d 'How progress is shown on stderr' -r -f -a "auto\t'Bars on a terminal, else lines; nothing with `--due` unless somebody watches'
plain\t'A line when a run starts and ends, and for a step that takes long'
none\t'Nothing'"
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l abandon -d 'Settle a run that stopped in its middle or did not clean up, so that nothing asks about it any more' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l reason -d 'Why, for the ledger' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l show -d 'Show one run from start to end: its number, or `last`' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l step -d 'With --show: show what this step of the run printed' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l task -d 'Only runs of this task' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l since -d 'Only since this time, or for this long: 2026-03-07, 2026-03-07T02:00:00Z, 7d' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l outcome -d 'Only runs that ended like this, or are going; several with commas' -r -f -a "succeeded\t''
failed\t''
rolled_back\t''
interrupted\t''
skipped\t''
refused\t''
going\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l newest -d 'At most this many, the newest ones; 0 for all' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l limit -d 'Only these of the targets: names, group:NAME, label:KEY=VALUE, separated by commas' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l wait -d 'How long to wait for what another mainstay holds, such as 10m; without it not at all' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l due -d 'Run what is due by the schedule; for cron: silent when there is nothing to do'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l dry-run -d 'Look at everything that a run would need, and change nothing'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l follow -d 'Show what steps print as it comes, on stderr, each line behind its task and target'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l replan -d 'With --resume: go on by the plan file as it is now, though it changed in more than what is not done yet'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l list -d 'Show the newest runs, one a line'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -l emergency -d 'Run tasks although their windows, a blackout or a missing approval say no, and open a review of each run'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand run" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l fail-on -d 'The findings that make the answer no: from the least severe one that is named' -r -f -a "error\t''
warning\t''
note\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l show -d 'The least severe finding that is shown; the answer counts all of them' -r -f -a "error\t''
warning\t''
note\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l changed-since -d 'Look only at what changed since a revision of Git, and at what refers to it' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l live -d 'Ask the live system: these checks of `checks:`, or all of them; with --task, what that asks before and after' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l timeout -d 'With --live: the most that all checks together may take [default: 1m, or the longest of a check]' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l import -d 'Write the checks of a Goss file, and of those that it includes, as a part of a plan file; repeatable' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l add -d 'With --live: look at this machine, and write a check of what is found into `checks:` of the plan file; `file:/etc/hosts`, `port:tcp:9090`, `service:prometheus`; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l run -d 'Validate a recorded run instead of plan files, by its number or `last`: process, result, quality, security' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l since -d 'Validate the recorded runs since then: a time, or a length up to now such as 7d' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l task -d 'With --run last or --since: only runs of this task; with --live: what it asks before and after' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l explain -d 'Explain a rule or a control by its code, `MS316` or `PRC-03`; without one, list all rules' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l exit-zero -d 'Exit with 0 also when the answer is no, for programs that take 1 for a failure of the tool'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l fix -d 'Mend what needs no person: missing fields, safe defaults, stubs of pages'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l diff -d 'With --fix, --import or --add: show what would change, as `patch` takes it, and change nothing'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l into -d 'With --import: write them into `checks:` of the plan file'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -l schema -d 'Print the JSON Schema of plan files'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand validate" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -l textfile -d 'Also write the metrics to this file, for node_exporter\'s textfile collector' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand monitor" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -f -a "status" -d 'Show every task with its state, the runs of the period, and what to do next'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and not __fish_seen_subcommand_from status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -l period -d 'How much of the past it covers' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show every task with its state, the runs of the period, and what to do next'
complete -c mainstay -n "__fish_mainstay_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -f -a "log" -d 'Show what happened, newest last'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -f -a "verify" -d 'Verify that the ledger is as it was written'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -f -a "export" -d 'Write the ledger as it is, one JSON object per line'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -f -a "review" -d 'Show the emergency runs that have to be reviewed, or record that one was'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and not __fish_seen_subcommand_from log verify export review help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l since -d 'Only since this time, or for this long: 2026-03-07, 2026-03-07T02:00:00Z, 7d' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l task -d 'Only what is about this task and its runs' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l run -d 'Only what is about this run' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l limit -d 'At most this many entries, the newest ones; 0 for all' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from log" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l against -d 'Compare with what was said of the ledger elsewhere: ENTRIES:ROOT, or a file that holds it, such as an old report [repeatable]' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l export -d 'Verify this exported ledger instead of the state file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from verify" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from export" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -l note -d 'What came out, for the ledger' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s f -l file -d 'The plan file' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -l state -d 'The state file [default: .mainstay/state.db beside the plan file]' -r -F
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -l format -d 'How the result is written; not every command has every format' -r -f -a "text\t'For people: tables and sentences'
json\t'One documented object for programs'
markdown\t'For pages and tickets'
html\t'One page that needs no network'
ics\t'A calendar for Google Calendar, Outlook and Thunderbird'
jsonl\t'Lines of JSON, for programs that read a stream'
sarif\t'Findings for code scanning'
junit\t'Findings as tests, for CI servers'
github\t'Findings as annotations of GitHub Actions'
gitlab\t'Findings for the code quality of GitLab'
tap\t'Findings as tests of the Test Anything Protocol'
checkstyle\t'Findings for review tools'"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s o -l output -d 'Also write the result to a file: PATH, in the format of its extension, or FORMAT=PATH; repeatable' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -l color -d 'When to use colours [default: auto, which heeds NO_COLOR and CLICOLOR_FORCE]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -l now -d 'Pretend that the command starts at this time (RFC 3339), for rehearsals and tests' -r
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s q -l quiet -d 'Say less: no progress, no notes; errors stay'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s v -l verbose -d 'Say more'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from review" -s V -l version -d 'Print version'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "log" -d 'Show what happened, newest last'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Verify that the ledger is as it was written'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "export" -d 'Write the ledger as it is, one JSON object per line'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "review" -d 'Show the emergency runs that have to be reviewed, or record that one was'
complete -c mainstay -n "__fish_mainstay_using_subcommand audit; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "plan" -d 'Show what happens when, and what changed since the published schedule'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "run" -d 'Do maintenance: what is due, or the tasks that are named'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "validate" -d 'Tell whether plan files are right, and whether the live system is as they say'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "monitor" -d 'Measure, judge and alert once'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "report" -d 'Say where things stand, to people'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "audit" -d 'Show, verify and export the record of everything that happened'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and not __fish_seen_subcommand_from plan run validate monitor report audit help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "status" -d 'Show every task with its state, the runs of the period, and what to do next'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "log" -d 'Show what happened, newest last'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "verify" -d 'Verify that the ledger is as it was written'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "export" -d 'Write the ledger as it is, one JSON object per line'
complete -c mainstay -n "__fish_mainstay_using_subcommand help; and __fish_seen_subcommand_from audit" -f -a "review" -d 'Show the emergency runs that have to be reviewed, or record that one was'
