//! The rules about time at their edges: plan files, and what a rule says of each, as `LINE:COLUMN MESSAGE`.

use crate::validator::checker::check_bytes;

/// What one rule finds in a text on Saturday, 7 March 2026 at ten.
fn found(code: &str, text: &str) -> Vec<String> {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    let checked = check_bytes("plan.yaml", text.as_bytes().to_vec(), now);
    let findings = checked.findings.iter().filter(|finding| finding.code == code);
    let placed = findings.filter_map(|finding| Some((finding.place.as_ref()?.start, &finding.message)));
    placed.map(|(place, message)| format!("{}:{} {message}", place.line, place.column)).collect()
}

fn check(code: &str, cases: &[(String, &[&str])]) {
    let wrong = cases.iter().filter_map(|(text, expected)| {
        let found = found(code, text);
        (found != *expected).then(|| format!("{text}\nfound {found:#?}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>().join("\n\n"), "");
}

/// A plan file with these sections, and one task with these keys: the first of them is in line 6 when there are no sections.
fn plan(sections: &str, task: &str) -> String {
    let task: Vec<_> = task.split("; ").map(|key| format!("    {key}\n")).collect();
    let steps =
        if task.iter().any(|key| key.starts_with("    steps:")) { "" } else { "    steps: [{run: [x]}]\n" };
    format!("mainstay: 1\n{sections}tasks:\n  t:\n    {{KIND}}\n{}{steps}", task.concat())
        .replace("{KIND}", "type: preventive\n    domain: component")
}

/// Windows of these names and contents.
fn windows(windows: &[(&str, &str)]) -> String {
    let windows: Vec<_> = windows.iter().map(|(name, of)| format!("  {name}: {{{of}}}\n")).collect();
    format!("windows:\n{}", windows.concat())
}

const NIGHT: &str = "windows:\n  night: {cron: \"0 4 * * *\", duration: 4h, cutoff: 30m}\n";
const BERLIN: &str = "timezone: Europe/Berlin\n";

#[test]
fn work_longer_than_every_opening_can_never_happen() {
    let pair =
        windows(&[("a", "cron: \"0 2 * * *\", duration: 2h"), ("b", "cron: \"0 4 * * *\", duration: 2h")]);
    let apart =
        windows(&[("a", "cron: \"0 2 * * *\", duration: 2h"), ("b", "cron: \"0 5 * * *\", duration: 2h")]);
    // They touch in leap years only.
    let leap =
        windows(&[("a", "cron: \"0 22 29 2 *\", duration: 2h"), ("b", "cron: \"0 0 1 3 *\", duration: 2h")]);
    let hosts =
        format!("targets:\n  one: {{local: true, labels: {{a: b}}}}\n  two: {{local: true}}\n{NIGHT}");
    check(
        "MS401",
        &[
            (plan(NIGHT, "window: night; duration: 4h"), &[]),
            (
                plan(NIGHT, "window: night; duration: 241m"),
                &["9:15 task `t` takes 4h1m; window `night` is open for 4h at most"],
            ),
            (plan(&pair, "window: [a, b]; duration: 4h"), &[]),
            (
                plan(&apart, "window: [a, b]; duration: 4h"),
                &["10:15 task `t` takes 4h; the longest of its windows is open for 2h at most"],
            ),
            (plan(&leap, "window: [a, b]; duration: 4h"), &[]),
            (plan(&hosts, "window: night; targets: [one]; duration: 3h"), &[]),
            (
                plan(&hosts, "window: night; targets: [all]; duration: 3h"),
                &["13:15 task `t` takes 6h, 3h on each of 2 targets; window `night` is open for 4h at most"],
            ),
            (
                plan(&hosts, "window: night; targets: [\"label:a=b\", two]; duration: 3h"),
                &["13:15 task `t` takes 6h, 3h on each of 2 targets; window `night` is open for 4h at most"],
            ),
            // What is not certain is not said.
            (plan(NIGHT, "window: [night, nights]; duration: 5h"), &[]),
            (plan(NIGHT, "window: night; duration: 5h; titel: x"), &[]),
            (plan(NIGHT, "window: night; duration: long"), &[]),
            (plan(&NIGHT.replace("4h", "4 hours"), "window: night; duration: 5h"), &[]),
            (plan("", "duration: 5h"), &[]),
        ],
    );
}

#[test]
fn work_that_needs_the_cutoff_fits_only_just() {
    let bare = NIGHT.replace(", cutoff: 30m", "");
    check(
        "MS402",
        &[
            (plan(NIGHT, "window: night; duration: 210m"), &[]),
            (
                plan(NIGHT, "window: night; duration: 211m"),
                &["9:15 task `t` takes 3h31m and fits window `night` only if it starts in the first 29m"],
            ),
            (
                plan(NIGHT, "window: night; duration: 4h"),
                &["9:15 task `t` takes 4h and fits window `night` only if it starts at the moment it opens"],
            ),
            (plan(&bare, "window: night; duration: 239m"), &[]),
            (
                plan(&bare, "window: night; duration: 4h"),
                &["9:15 task `t` takes 4h and fits window `night` only if it starts at the moment it opens"],
            ),
            // That is another matter.
            (plan(NIGHT, "window: night; duration: 5h"), &[]),
        ],
    );
}

#[test]
fn blackouts_that_leave_no_time_are_named() {
    let frozen =
        "blackouts:\n  a: {from: 2026-01-01, to: 2026-09-01}\n  b: {from: 2026-08-01, to: 2027-09-01}\n";
    let allowing = frozen.replace("09-01}", "09-01, allow: [preventive]}");
    let message =
        |place: &str| format!("{place} blackouts leave no time for task `t` in the year ahead: `a`, `b`");
    let (cron, at) = (message("9:22"), message("9:20"));
    let (every, windowed) = (message("9:23"), message("12:23"));
    let saturdays = format!("{frozen}{}", windows(&[("w", "cron: \"0 4 * * SAT\", duration: 4h")]));
    let saturday = message("12:22");
    let summer = format!("{frozen}{NIGHT}");
    check(
        "MS403",
        &[
            (plan(frozen, "schedule: {cron: \"0 4 * * *\"}; duration: 5m"), &[&cron]),
            (plan(frozen, "schedule: {every: 7d, tolerance: 1d}; duration: 5m"), &[&every]),
            (plan(frozen, "schedule: {at: 2026-12-01}; duration: 5m"), &[&at]),
            (
                plan(&summer, "window: night; schedule: {every: 7d, tolerance: 1d}; duration: 5m"),
                &[&windowed],
            ),
            // What is released on other days has no window, and what is released for Saturday is frozen.
            (plan(&saturdays, "window: w; schedule: {cron: \"0 2 * * *\"}; duration: 5m"), &[&saturday]),
            (plan(&allowing, "schedule: {every: 7d, tolerance: 1d}; duration: 5m"), &[]),
            (plan(frozen, "duration: 5m"), &[]),
            // One gap between the two is enough, if the work fits.
            (
                plan(
                    &frozen.replace("2026-08-01", "2026-09-01 01:00"),
                    "schedule: {every: 7d, tolerance: 1d}; duration: 60m",
                ),
                &[],
            ),
            (
                plan(
                    &frozen.replace("2026-08-01", "2026-09-01 01:00"),
                    "schedule: {every: 7d, tolerance: 1d}; duration: 61m",
                ),
                &[&every],
            ),
            // A year that is not seen to its end is not judged.
            (plan(frozen, "schedule: {at: 2028-12-01}; duration: 5m"), &[]),
        ],
    );
}

#[test]
fn times_that_the_clock_skips_or_repeats_are_known_beforehand() {
    let says = |who: &str, does: &str, at: &str| {
        format!(
            "{who} {does} at a time that the clock skips or repeats: 2026-03-29 {at} is skipped, \
             2026-10-25 {at} comes twice, and 8 more within five years"
        )
    };
    let task = says("7:22 task `t`", "is due", "02:30");
    let window = says("4:17 window `night`", "opens", "02:00");
    let opens_at = |time: &str| format!("{BERLIN}{}", NIGHT.replace("0 4", time));
    let sydney = "7:22 task `t` is due at a time that the clock skips or repeats: 2026-04-05 02:30 comes twice, \
                  2026-10-04 02:30 is skipped, and 8 more within five years";
    check(
        "MS404",
        &[
            (plan(BERLIN, "schedule: {cron: \"30 2 * * *\"}; duration: 5m"), &[&task]),
            (plan(BERLIN, "schedule: {cron: \"30 2 * * *\"}; dst: once; duration: 5m"), &[]),
            (plan(BERLIN, "schedule: {cron: \"30 2 * * MON\"}; duration: 5m"), &[]),
            (plan(BERLIN, "schedule: {cron: \"*/30 2 * * *\"}; duration: 5m"), &[]),
            (plan(BERLIN, "schedule: {cron: \"0 * * * *\"}; duration: 5m"), &[]),
            (plan(BERLIN, "schedule: {cron: \"0 3 * * *\"}; duration: 5m"), &[]),
            (
                plan("timezone: Australia/Sydney\n", "schedule: {cron: \"30 2 * * *\"}; duration: 5m"),
                &[sydney],
            ),
            (plan("", "schedule: {cron: \"30 2 * * *\"}; duration: 5m"), &[]),
            (plan(&opens_at("0 2"), "duration: 5m"), &[&window]),
            (plan(&opens_at("0 1"), "duration: 5m"), &[]),
        ],
    );
}

#[test]
fn a_day_that_some_months_lack_leaves_them_out() {
    let on = |days: &str| plan("", &format!("schedule: {{cron: \"0 4 {days}\"}}; duration: 5m"));
    check(
        "MS405",
        &[
            (
                on("31 * *"),
                &[
                    "6:22 task `t` leaves out February, April, June, September and November: there is no day 31",
                ],
            ),
            (on("30 * *"), &["6:22 task `t` leaves out February: there is no day 30"]),
            (on("29 * *"), &["6:22 task `t` leaves out February outside leap years: there is no day 29"]),
            (
                on("29 2 *"),
                &["6:22 task `t` leaves out every year that is no leap year: the next time is 2028-02-29"],
            ),
            (on("15,31 1-4 *"), &["6:22 task `t` leaves out February and April: there is no day 31"]),
            (on("29-31 * *"), &["6:22 task `t` leaves out February outside leap years: there is no day 29"]),
            (on("31 1,3,5,7,8,10,12 *"), &[]),
            (on("28-31 * *"), &[]),
            (on("*/10 * *"), &[]),
            (on("1-31 * *"), &[]),
            (on("L * *"), &[]),
        ],
    );
}

#[test]
fn a_day_of_the_month_or_a_weekday_is_more_than_both() {
    let on = |days: &str| plan("", &format!("schedule: {{cron: \"0 4 {days}\"}}; duration: 5m"));
    let says = |n: u32| {
        format!(
            "6:22 task `t` is due when the day of the month or the weekday matches: on {n} days of the year ahead"
        )
    };
    let (friday, sunday) = (says(62), says(125));
    check(
        "MS406",
        &[
            (on("13 * FRI"), &[&friday]),
            (on("1-7 * SUN"), &[&sunday]),
            (on("13 * +FRI"), &[]),
            (on("13 * *"), &[]),
            (on("* * FRI"), &[]),
            (on("* * FRI#1"), &[]),
        ],
    );
}

#[test]
fn work_may_go_on_after_its_window_as_long_as_its_timeout() {
    check(
        "MS407",
        &[
            (plan(NIGHT, "window: night; timeout: 4h; duration: 5m"), &[]),
            (
                plan(NIGHT, "window: night; timeout: 5h; duration: 5m"),
                &["9:14 task `t` may run for 5h; window `night` is open for 4h"],
            ),
            (
                plan(NIGHT, "window: night; duration: 5m; steps: [{run: [x], timeout: 5h}]"),
                &["10:33 step `x` of task `t` may run for 5h; window `night` is open for 4h"],
            ),
            // The run's own timeout comes first.
            (plan(NIGHT, "window: night; timeout: 1h; duration: 5m; steps: [{run: [x], timeout: 5h}]"), &[]),
            (plan(NIGHT, "timeout: 5h; duration: 5m"), &[]),
        ],
    );
}

#[test]
fn a_timeout_below_the_estimate_stops_the_work_every_time() {
    let two = "targets: {one: {local: true}, two: {local: true}}\n";
    check(
        "MS408",
        &[
            (plan("", "timeout: 20m; duration: 20m"), &[]),
            (plan("", "timeout: 19m; duration: 20m"), &["6:14 task `t` takes 20m and is stopped after 19m"]),
            (
                plan(two, "timeout: 30m; duration: 20m; targets: [one, two]"),
                &["7:14 task `t` takes 40m, 20m on each of 2 targets and is stopped after 30m"],
            ),
        ],
    );
}

#[test]
fn the_timeout_of_a_step_ends_with_that_of_its_run() {
    let idle = "8:33 step `x` may take 2h, but task `t` is stopped after 1h";
    check(
        "MS409",
        &[
            (plan("", "timeout: 1h; duration: 5m; steps: [{run: [x], timeout: 2h}]"), &[idle]),
            (plan("", "timeout: 1h; duration: 5m; steps: [{run: [x], timeout: 1h}]"), &[]),
            // Cleaning up has its own timeouts only.
            (plan("", "timeout: 1h; duration: 5m; rollback: [{run: [x], timeout: 2h}]"), &[]),
        ],
    );
}

#[test]
fn attempts_that_cannot_begin_in_time_are_lost() {
    let retry = |timeout: &str, retry: &str, rest: &str| {
        plan(NIGHT, &format!("{rest}duration: 5m; steps: [{{run: [x], {timeout}retry: {{{retry}}}}}]"))
    };
    check(
        "MS410",
        &[
            (
                retry("timeout: 20m, ", "attempts: 3, backoff: 1m", "timeout: 30m; "),
                &[
                    "10:56 attempt 3 of step `x` may never begin: those before it may take 43m, and task `t` is \
                   stopped after 30m",
                ],
            ),
            (retry("timeout: 20m, ", "attempts: 3, backoff: 1m", "timeout: 44m; "), &[]),
            (
                retry("timeout: 70m, ", "attempts: 4", "window: night; "),
                &["10:56 attempt 4 of step `x` may never begin: those before it may take 3h30m, and window \
                   `night` is past its cutoff 3h30m after it opens"],
            ),
            // Without a timeout the pauses alone are certain: 10 + 20 + 40 minutes.
            (
                retry("", "attempts: 4, backoff: 10m", "timeout: 1h; "),
                &[
                    "10:42 attempt 4 of step `x` may never begin: those before it may take 1h10m, and task `t` is \
                   stopped after 1h",
                ],
            ),
            (retry("", "attempts: 3, backoff: 10m", "timeout: 1h; "), &[]),
            (retry("timeout: 2h, ", "attempts: 3", "timeout: 1h; "), &[]),
            (retry("timeout: 1s, ", "attempts: 4000000000", ""), &[]),
        ],
    );
}

#[test]
fn a_silence_lives_as_long_as_the_steps_may_take() {
    let alerts = format!("connections:\n  alertmanager: {{url: \"http://127.0.0.1:9093\"}}\n{NIGHT}");
    let with = |steps: &str, rest: &str| {
        plan(
            &alerts,
            &format!(
                "window: night; {rest}silence: {{matchers: ['a=\"b\"']}}; duration: 5m; steps: [{steps}]"
            ),
        )
    };
    check(
        "MS411",
        &[
            (
                with("{run: [x], timeout: 1h, retry: {attempts: 4, backoff: 1m}}", ""),
                &["11:14 task `t` may silence alerts for 4h7m; window `night` is open for 4h"],
            ),
            (with("{run: [x], timeout: 1h, retry: {attempts: 4}}", ""), &[]),
            (with("{run: [x], timeout: 3h}, {run: [y], timeout: 1h}", ""), &[]),
            (
                with("{run: [x], timeout: 3h}, {run: [y], timeout: 61m}", ""),
                &["11:14 task `t` may silence alerts for 4h1m; window `night` is open for 4h"],
            ),
            (with("{run: [x], timeout: 3h, retry: {attempts: 4000000000}}", ""), &[]),
            (with("{run: [x], timeout: 5h}", "timeout: 1h; "), &[]),
        ],
    );
}

#[test]
fn work_that_is_due_again_before_it_ends_is_missed() {
    let at = |cron: &str, duration: &str| {
        plan("", &format!("schedule: {{cron: \"{cron}\"}}; duration: {duration}"))
    };
    check(
        "MS412",
        &[
            (
                at("*/10 * * * *", "25m"),
                &[
                    "6:22 task `t` takes 25m and is due again before it ends: 31622 of 52704 times in the year ahead, first 2026-03-07 10:10, are missed",
                ],
            ),
            (
                at("*/5 * * * *", "15m"),
                &[
                    "6:22 task `t` takes 15m and is due again before it ends: 5376 of 8064 times in the four weeks ahead, \
                   first 2026-03-07 10:05, are missed",
                ],
            ),
            // The second one waits for the first one, and nothing is lost.
            (at("0,5 4 * * *", "10m"), &[]),
            (at("0 * * * *", "1h"), &[]),
            (plan("", "schedule: {every: 5m, tolerance: 4m}; duration: 1h"), &[]),
        ],
    );
}

#[test]
fn work_that_is_due_more_often_than_its_window_opens_is_missed_or_late() {
    let weekend = windows(&[("weekend", "cron: \"0 4 * * SAT,SUN\", duration: 4h")]);
    let with =
        |schedule: &str| plan(&weekend, &format!("schedule: {{{schedule}}}; window: weekend; duration: 5m"));
    check(
        "MS413",
        &[
            (
                with("cron: \"0 2 * * *\""),
                &["8:22 the windows of task `t` open too rarely for its schedule: 260 of 365 times in the \
                   year ahead, first 2026-03-09 02:00, are missed"],
            ),
            (with("cron: \"0 2 * * MON\""), &[]),
            (
                with("cron: \"0 2 * * MON\", tolerance: 1d"),
                &["8:22 the windows of task `t` open too rarely for its schedule: 52 of 52 times in the \
                   year ahead, first 2026-03-09 02:00, are late"],
            ),
            (
                with("every: 1d, tolerance: 2h"),
                &["8:23 the windows of task `t` open too rarely for its schedule: 52 of 105 times in the \
                   year ahead, first 2026-03-09 02:05, are late"],
            ),
            (with("every: 7d, tolerance: 1d"), &[]),
            (with("every: 30d, tolerance: 3d"), &[]),
        ],
    );
}

#[test]
fn instants_and_blackouts_of_the_past_are_noted() {
    check(
        "MS414",
        &[
            (
                plan(BERLIN, "schedule: {at: 2026-03-07 11:00}; duration: 5m"),
                &["7:20 task `t` was due 2026-03-07 11:00"],
            ),
            (plan(BERLIN, "schedule: {at: 2026-03-07 11:01}; duration: 5m"), &[]),
            // In a zone that is not known nobody can say.
            (plan("timezone: Berlin\n", "schedule: {at: 2026-03-07 09:00}; duration: 5m"), &[]),
            (plan("timezone: [UTC]\n", "schedule: {at: 2026-03-07 09:00}; duration: 5m"), &[]),
        ],
    );
    let blackout =
        |to: &str| plan(&format!("blackouts:\n  b: {{from: 2026-01-01, to: {to}}}\n"), "duration: 5m");
    check(
        "MS415",
        &[
            (blackout("2026-03-07T10:00:00Z"), &["3:29 blackout `b` ended 2026-03-07 10:00"]),
            (blackout("2026-03-07T10:00:01Z"), &[]),
            (blackout("2025-03-07"), &[]),
        ],
    );
}

#[test]
fn work_that_is_always_due_in_a_blackout_is_put_off() {
    let year_end = "blackouts:\n  year-end: {from: 2026-12-20, to: 2027-01-04, allow: [emergency]}\n";
    let with = |schedule: &str| plan(year_end, &format!("schedule: {{{schedule}}}; duration: 5m"));
    check(
        "MS416",
        &[
            (with("cron: \"0 4 24 12 *\""), &["8:22 task `t` is due in a blackout: `year-end`"]),
            (
                with("cron: \"0 4 24,31 12 *\""),
                &["8:22 task `t` is due in a blackout all 2 times of the year ahead, first in `year-end`"],
            ),
            (with("cron: \"0 4 24 * *\""), &[]),
            (with("at: 2026-12-24"), &["8:20 task `t` is due in a blackout: `year-end`"]),
            (with("at: 2027-01-04"), &[]),
            // It would overlap the beginning.
            (with("at: 2026-12-19 23:56"), &["8:20 task `t` is due in a blackout: `year-end`"]),
            (with("at: 2026-12-19 23:55"), &[]),
        ],
    );
}

#[test]
fn nothing_waits_for_a_task_that_runs_on_demand() {
    let two = |first: &str, second: &str| {
        let other = "  first:\n    type: preventive\n    domain: component\n";
        format!(
            "{}{other}{first}    duration: 5m\n    steps: [{{run: [x]}}]\n",
            plan("", &format!("{second}after: first; duration: 5m"))
        )
    };
    let every = "    schedule: {every: 1d, tolerance: 1h}\n";
    let recurs = "schedule: {every: 1d, tolerance: 1h}; ";
    let message = "7:12 task `t` comes after `first`, which runs on demand only: nothing waits for it";
    check(
        "MS417",
        &[
            (two("", recurs), &[message]),
            (two(every, recurs), &[]),
            // On demand both are named, and the order holds.
            (two("", ""), &[]),
            (two("    schedule: {everi: 1d}\n", recurs), &[]),
        ],
    );
}

#[test]
fn case_17_windows_that_overlap_themselves_or_never_close_are_told_apart() {
    let window = |zone: &str, of: &str| plan(&format!("{zone}{}", windows(&[("w", of)])), "duration: 5m");
    let reopened = "3:42 window `w` opens again before it closes: it is open for up to 2d6h at a time";
    check(
        "MS418",
        &[
            (window("", "cron: \"0 4 * * SAT,SUN\", duration: 30h"), &[reopened]),
            (window("", "cron: \"0 4 * * SAT,SUN\", duration: 24h"), &[]),
            (window("", "cron: \"0 0 * * *\", duration: 30h"), &[]),
            (window(BERLIN, "cron: \"0 1,3 * * *\", duration: 90m"), &[]),
        ],
    );
    let never = |place: &str| format!("{place} window `w` opens again before it closes, around the clock");
    let (daily, often, weekly) = (never("3:36"), never("3:38"), never("3:38"));
    check(
        "MS421",
        &[
            (window("", "cron: \"0 0 * * *\", duration: 30h"), &[&daily]),
            (window("", "cron: \"*/5 * * * *\", duration: 1h"), &[&often]),
            (window("", "cron: \"0 0 * * MON\", duration: 8d"), &[&weekly]),
            // Open around the clock, and meant.
            (window("", "cron: \"0 0 * * *\", duration: 24h"), &[]),
            (window(BERLIN, "cron: \"0 0 * * *\", duration: 24h"), &[]),
            (window("", "cron: \"0 * * * *\", duration: 60m"), &[]),
            (window("", "cron: \"0 0 * * MON\", duration: 7d"), &[]),
            (window("", "cron: \"0 0 * * MON-SAT\", duration: 30h"), &[]),
        ],
    );
}

#[test]
fn a_tolerance_ends_with_the_next_instant() {
    let with = |schedule: &str| plan("", &format!("schedule: {{{schedule}}}; duration: 5m"));
    let daily = "6:46 task `t` may be 25h late, but is missed when it has not started within 1d";
    let daily = daily.replace("25h", "1d1h");
    let when = |rest: &str| {
        let checks = "checks: {room: {file: {path: room}}}\n";
        plan(checks, &format!("schedule: {{when: room, {rest}}}; duration: 5m"))
    };
    let waits = "7:51 task `t` waits for a check, so no tolerance ever applies to it";
    check(
        "MS419",
        &[
            (with("cron: \"0 4 * * *\", tolerance: 25h"), &[&daily]),
            (with("cron: \"0 4 * * *\", tolerance: 1d"), &[]),
            (with("cron: \"0 4 * * MON-FRI\", tolerance: 3d"), &[]),
            (with("at: 2026-12-01, tolerance: 30d"), &[]),
            (when("within: 4h, tolerance: 1h"), &[waits]),
            (when("within: 4h"), &[]),
        ],
    );
}

#[test]
fn work_in_every_minute_is_noted() {
    let with = |cron: &str| plan("", &format!("schedule: {{cron: \"{cron}\"}}; duration: 5s"));
    let message = "6:22 task `t` is due in every minute";
    check(
        "MS420",
        &[
            (with("* * * * *"), &[message]),
            (with("*/1 * * * MON"), &[message]),
            (with("0-59 * * * *"), &[message]),
            (with("*/2 * * * *"), &[]),
            (with("* 1-23 * * *"), &[]),
        ],
    );
}

#[test]
fn a_wait_beyond_its_timeout_fails_every_time() {
    let with = |rest: &str, steps: &str| plan("", &format!("duration: 2h; {rest}: [{steps}]"));
    check(
        "MS422",
        &[
            (with("steps", "{wait: 10m}"), &[]),
            (with("steps", "{wait: 11m}"), &["7:20 step `wait 11m` of task `t` is cut off after 10m"]),
            (with("steps", "{wait: 11m, timeout: 11m}"), &[]),
            (
                with("timeout: 10m; steps", "{wait: 11m, timeout: 11m}"),
                &["8:20 step `wait 11m` of task `t` is cut off after 10m"],
            ),
            (with("timeout: 1m; finally", "{wait: 5m}"), &[]),
            (with("finally", "{wait: 11m}"), &["7:22 step `wait 11m` of task `t` is cut off after 10m"]),
        ],
    );
}

#[test]
fn an_interval_needs_room_for_the_work() {
    let with = |schedule: &str| plan("", &format!("schedule: {{{schedule}}}; duration: 1h"));
    check(
        "MS423",
        &[
            (
                with("every: 7d"),
                &["6:23 task `t` is overdue whenever it runs: it takes 1h, and is due 0s after its release"],
            ),
            (
                with("every: 7d, tolerance: 29m"),
                &["6:38 task `t` is overdue whenever it runs: it takes 1h, and is due 58m after its release"],
            ),
            (with("every: 7d, tolerance: 30m"), &[]),
            (with("cron: \"0 4 * * *\""), &[]),
            (with("every: 10m, tolerance: 10m"), &[]),
        ],
    );
}

#[test]
fn estimates_and_timeouts_bound_what_they_contain() {
    let prometheus = "connections:\n  prometheus: {url: \"http://127.0.0.1:9090\"}\n";
    let settle = |timeout: &str| {
        plan(prometheus, &format!("baseline: {{settle: 30m}}; timeout: {timeout}; duration: 5m"))
    };
    let message = "8:24 monitoring may take 30m to come back, but task `t` is stopped after 29m";
    check("MS424", &[(settle("30m"), &[]), (settle("29m"), &[message])]);
    let waits = |steps: &str| plan("", &format!("duration: 5m; steps: [{steps}]"));
    check(
        "MS425",
        &[
            (waits("{wait: 5m}"), &[]),
            (waits("{wait: 3m}, {run: [x]}, {wait: 3m}"), &["6:15 the steps of task `t` wait for 6m"]),
            (waits("{wait: 6m, only_if: {file: {path: x}}}"), &[]),
        ],
    );
}

#[test]
fn dst_needs_a_fixed_time() {
    let with =
        |schedule: &str, dst: &str| plan("", &format!("schedule: {{{schedule}}}; dst: {dst}; duration: 5m"));
    let message = "7:10 `dst` has no effect on task `t`, which follows elapsed time";
    check(
        "MS426",
        &[
            (with("cron: \"30 2 * * *\"", "skip"), &[]),
            (with("cron: \"*/30 2 * * *\"", "skip"), &[]),
            (with("cron: \"*/30 2 * * *\"", "literal"), &[message]),
            (with("every: 7d, tolerance: 1d", "literal"), &[message]),
            (with("every: 7d, tolerance: 1d", "once"), &[]),
        ],
    );
}

/// All that is found about time, without its place.
fn about_time(text: &str) -> Vec<String> {
    let now = "2026-03-07T10:00:00Z".parse().expect("a time");
    let checked = check_bytes("plan.yaml", text.as_bytes().to_vec(), now);
    let errors = checked.findings.iter().filter(|finding| finding.code < "MS4");
    assert_eq!(errors.map(|finding| &finding.message).collect::<Vec<_>>(), Vec::<&String>::new(), "{text}");
    let findings = checked.findings.iter().filter(|finding| finding.code.starts_with("MS4"));
    findings.map(|finding| format!("{} {}", finding.code, finding.message)).collect()
}

#[test]
fn a_recurrence_rule_is_judged_as_the_cron_expression_of_the_same_times() {
    let of_task = |calendar: &str, rest: &str| {
        let night = "windows:\n  night: {cron: \"0 4 * * SAT\", duration: 4h}\n";
        let freeze = "blackouts:\n  freeze: {from: 2026-03-01, to: 2028-01-01}\n";
        let sections =
            if rest.contains("freeze") { [BERLIN, freeze].concat() } else { [BERLIN, night].concat() };
        plan(&sections, &format!("schedule: {{{calendar}}}; {}", rest.replace("freeze; ", "")))
    };
    let of_window = |calendar: &str, rest: &str| {
        let window = windows(&[("night", &format!("{calendar}, {rest}"))]);
        plan(&[BERLIN, &window].concat(), "schedule: {every: 1d, tolerance: 1h}; window: night; duration: 1h")
    };
    let task_cases = [
        // A change of the clock, work that is missed, late, frozen, longer than its pause, and a dst without effect.
        ("30 2 * * *", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "duration: 5m"),
        ("0 4 * * *", "FREQ=DAILY;BYHOUR=4", "window: night; duration: 5m"),
        ("0 4 * * SUN", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=4", "freeze; duration: 5m"),
        ("*/10 * * * *", "FREQ=MINUTELY;INTERVAL=10", "duration: 25m"),
        ("0 * * * *", "FREQ=HOURLY", "duration: 90m; dst: once"),
        ("*/30 * * * *", "FREQ=MINUTELY;INTERVAL=30", "dst: literal; duration: 5m"),
    ];
    let month_cases = [
        ("0 4 31 * *", "FREQ=MONTHLY;BYMONTHDAY=31;BYHOUR=4", "duration: 5m"),
        ("0 4 31 * *", "DTSTART:20251231T040000 FREQ=MONTHLY", "duration: 5m"),
        ("0 4 30,1 1,2 *", "FREQ=YEARLY;BYMONTH=1,2;BYMONTHDAY=30,1;BYHOUR=4", "duration: 5m"),
        ("0 4 29 2 *", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=4", "duration: 5m"),
    ];
    let window_cases = [
        ("30 2 * * *", "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "duration: 4h"),
        ("0 2 * * *", "FREQ=DAILY;BYHOUR=2", "duration: 40h"),
        ("0 4 * * SAT,SUN", "FREQ=WEEKLY;BYDAY=SA,SU;BYHOUR=4", "duration: 30h"),
        ("0 4 * * SAT", "FREQ=WEEKLY;BYDAY=SA;BYHOUR=4", "duration: 30m"),
    ];
    let cron = |text: &str| format!("cron: \"{text}\"");
    let rrule = |text: &str| format!("rrule: \"{text}\"");
    let of_months = month_cases.map(|(a, b, rest)| (of_task(&cron(a), rest), of_task(&rrule(b), rest)));
    let of_tasks = task_cases.map(|(a, b, rest)| (of_task(&cron(a), rest), of_task(&rrule(b), rest)));
    let of_windows = window_cases.map(|(a, b, rest)| (of_window(&cron(a), rest), of_window(&rrule(b), rest)));
    for (by_cron, by_rrule) in of_tasks.into_iter().chain(of_months).chain(of_windows) {
        let expected = about_time(&by_cron);
        assert_ne!(expected, Vec::<String>::new(), "{by_cron}");
        let found = about_time(&by_rrule);
        assert_eq!(found, expected, "{by_rrule}");
    }
    let last_day = of_task(&rrule("FREQ=MONTHLY;BYMONTHDAY=29,30,31;BYSETPOS=-1;BYHOUR=4"), "duration: 5m");
    assert_eq!(about_time(&last_day), Vec::<String>::new(), "a choice of the last one leaves nothing out");
}
