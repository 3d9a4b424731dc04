//! Jobs as a whole, on real processes.

use std::cell::Cell;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use super::*;
use crate::model::Output;
use crate::world::process_table;

/// How a job ended, what it printed, and how long it took.
struct Ran {
    finished: Finished,
    output: Output,
    took: Duration,
}

fn tag() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    format!("test:{}:{}", std::process::id(), USED.fetch_add(1, Ordering::Relaxed))
}

fn shell(script: &str) -> [String; 3] {
    ["/bin/sh", "-c", script].map(str::to_owned)
}

fn run(script: &str, change: impl Fn(&mut Job)) -> Ran {
    let argv = shell(script);
    let mut job = Job {
        grace: Duration::from_millis(300),
        drain: Duration::from_millis(700),
        ..Job::new(&argv, Path::new("/"), tag(), Duration::from_mins(1))
    };
    change(&mut job);
    let began = Instant::now();
    let mut capture = Capture::default();
    let finished = carry_out(&job, &mut capture, &Cancel::new().unwrap()).unwrap();
    Ran { finished, output: capture.finish().unwrap_or_default(), took: began.elapsed() }
}

/// Runs a script that goes on for ever, and asks it to stop once it has made the file `$READY`.
fn stop_once_it_is_ready(script: &str, change: impl Fn(&mut Job)) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let argv = shell(script);
    let mut job = Job {
        env: BTreeMap::from([("READY".to_owned(), ready.display().to_string())]),
        grace: Duration::from_millis(300),
        ..Job::new(&argv, Path::new("/"), tag(), Duration::from_mins(1))
    };
    change(&mut job);
    let (cancel, mut capture) = (Cancel::new().unwrap(), Capture::default());
    // An end before that fires it as well, so that nobody waits for what will never be there.
    let over = Cancel::new().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ready.exists() && !over.wait(Duration::from_millis(10)) {}
            cancel.fire();
        });
        let finished = carry_out(&job, &mut capture, &cancel).unwrap();
        over.fire();
        Ran { finished, output: capture.finish().unwrap_or_default(), took: Duration::ZERO }
    })
}

/// A command that goes on and that no other test, nor another run of this one, starts.
fn nap() -> String {
    static USED: AtomicU32 = AtomicU32::new(0);
    format!("sleep 61{}.{}", USED.fetch_add(1, Ordering::Relaxed), std::process::id())
}

fn living(command: &str) -> Vec<i32> {
    let table = process_table::all();
    let runs = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").trim_end() == command
    };
    table.iter().filter(|one| !one.is_zombie).map(|one| one.pid).filter(runs).collect()
}

#[test]
fn output_of_both_streams_keeps_its_order() {
    let ran = run("echo a; echo b >&2; echo c", |_| {});
    assert_eq!(ran.output.head, "a\nb\nc\n");
    assert_eq!(ran.finished.status.code(), Some(0));
}

#[test]
fn case_25_a_child_that_ignores_term_is_killed_after_the_grace() {
    let nap = nap();
    let ran = stop_once_it_is_ready(&format!("trap '' TERM; touch $READY; {nap}"), |_| {});
    assert_eq!(ran.finished.stopped, Some(Stopped::Cancelled));
    assert_eq!(ending_in_words(ran.finished.status), "killed by signal 9 (KILL)");
    assert_eq!((ran.finished.left, living(&nap)), (vec![], vec![]), "no survivor");
}

#[test]
fn case_26_a_stopped_child_acts_on_term() {
    let ran = stop_once_it_is_ready("trap 'exit 7' TERM; touch $READY; kill -STOP $$; exit 1", |job| {
        job.grace = Duration::from_mins(1);
    });
    assert_eq!((ran.finished.stopped, ran.finished.status.code()), (Some(Stopped::Cancelled), Some(7)));
}

#[test]
fn a_job_whose_time_is_over_is_stopped() {
    let ran = run("sleep 600", |job| job.timeout = Duration::from_millis(50));
    assert_eq!(ran.finished.stopped, Some(Stopped::TimedOut));
    assert_eq!(ending_in_words(ran.finished.status), "killed by signal 15 (TERM)");
}

#[test]
fn what_a_child_starts_to_clean_up_is_not_disturbed_within_the_grace() {
    let script = "trap 'sh -c \"trap exit TERM; sleep 0.1; echo tidied\"; exit 3' TERM; touch $READY; \
                  while :; do sleep 0.02; done";
    let ran = stop_once_it_is_ready(script, |job| job.grace = Duration::from_mins(1));
    assert!(ran.output.head.ends_with("tidied\n"), "{}", ran.output.head);
    assert_eq!(ran.finished.status.code(), Some(3));
}

/// Ways to get away, each with what is left to be found by. Each is ready when it got away.
const ESCAPES: [&str; 4] = [
    // Its parent is gone, its session is its own: the tag.
    "(setsid sh -c 'touch $READY; exec NAP' &)",
    // The same, and it ignores TERM.
    "(setsid sh -c 'trap \"\" TERM; touch $READY; exec NAP' &)",
    // The same with an empty environment: the pipe, or the cgroup.
    "(setsid env -i sh -c 'touch $0; exec NAP' $READY &)",
    // With nothing kept, below a parent that lives: descent.
    "setsid env -i sh -c 'touch $0; exec NAP' $READY >/dev/null 2>&1 &",
];

#[test]
fn case_27_a_grandchild_that_left_group_parent_and_environment_is_stopped() {
    for escape in ESCAPES {
        let nap = nap();
        let ran = stop_once_it_is_ready(&format!("{}\nsleep 600", escape.replace("NAP", &nap)), |_| {});
        assert_eq!(ran.finished.stopped, Some(Stopped::Cancelled), "{escape}: {}", ran.output.head);
        assert_eq!((ran.finished.left, living(&nap)), (vec![], vec![]), "{escape}");
    }
}

#[test]
fn case_28_a_silent_grandchild_that_holds_the_output_does_not_hold_the_end() {
    let nap = nap();
    let ran = run(&format!("{nap} & echo started"), |_| {});
    assert_eq!((ran.finished.status.code(), ran.output.head.as_str()), (Some(0), "started\n"));
    let holder = &ran.finished.left[..];
    assert_eq!(
        holder.iter().map(|one| &one.command).collect::<Vec<_>>(),
        [&nap],
        "the one that holds it is named"
    );
    let words = holder[0].to_string();
    assert!(words.starts_with(&format!("pid {} ({nap}, started 2", holder[0].pid)), "{words}");
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
    Command::new("kill").arg(holder[0].pid.to_string()).status().unwrap();
}

#[test]
fn case_28_a_noisy_grandchild_does_not_either_and_what_it_printed_is_kept() {
    let ran = run("echo started; (while :; do echo noise; done) &", |_| {});
    assert_eq!(ran.finished.status.code(), Some(0));
    assert!(ran.output.head.starts_with("started\n") && ran.output.tail.ends_with("noise\n"));
    assert_eq!(ran.finished.left.len(), 1, "{:?}", ran.finished.left);
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

#[test]
fn one_that_does_not_hold_the_output_is_left_alone_and_not_waited_for() {
    let nap = nap();
    let ran = run(&format!("{nap} >/dev/null 2>&1 & echo $!"), |_| {});
    assert_eq!(ran.finished.left, []);
    assert_eq!(living(&nap).len(), 1);
    Command::new("kill").arg(ran.output.head.trim()).status().unwrap();
}

#[test]
fn case_36_orphans_that_end_are_taken_away() {
    let argv = shell("(setsid sh -c 'echo $$' &) ; :");
    let job = Job::new(&argv, Path::new("/"), tag(), Duration::from_mins(1));
    let mut capture = Capture::default();
    carry_out(&job, &mut capture, &Cancel::new().unwrap()).unwrap();
    let orphan = capture.finish().unwrap().head.trim().to_owned();
    let began = Instant::now();
    while process_table::read(&orphan).is_ok() {
        // Whoever ends takes away who has ended before.
        run("true", |_| {});
        assert!(began.elapsed() < Duration::from_mins(1), "{orphan} is still there");
    }
}

#[test]
fn case_32_stdin_is_empty_and_there_is_no_terminal_to_ask() {
    let ran = run("read line || echo no input; (exec </dev/tty) 2>/dev/null || echo no terminal", |_| {});
    assert_eq!(ran.output.head, "no input\nno terminal\n");
}

#[test]
fn case_33_the_environment_is_the_documented_one() {
    let ran = run("env", |job| {
        job.env.insert("OWN".to_owned(), "1".to_owned());
    });
    let names: Vec<_> = ran.output.head.lines().filter_map(|line| line.split_once('=')).collect();
    let documented = [
        "HOME",
        "LANG",
        "LOGNAME",
        "MAINSTAY_STEP",
        "OWN",
        "PATH",
        "PWD",
        "SHELL",
        "SSH_AUTH_SOCK",
        "TMPDIR",
        "USER",
        "XDG_RUNTIME_DIR",
    ];
    for (name, _) in &names {
        // `_` and `SHLVL` are made by some shells.
        assert!(documented.contains(name) || ["_", "SHLVL", "OLDPWD"].contains(name), "{name}");
    }
    assert!(names.contains(&("LANG", "C.UTF-8")) && names.contains(&("OWN", "1")));
}

#[test]
fn a_gigantic_line_costs_constant_memory() {
    let ran = run("head -c 50000000 /dev/zero", |_| {});
    let output = ran.output;
    let kept = 2 * crate::world::output::KEPT;
    assert_eq!((output.bytes, output.head.len() + output.tail.len()), (50_000_000, kept));
}

#[test]
fn what_a_job_used_is_told_with_that_of_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "head -c 40000000 /dev/zero | tail -c 40000000 >/dev/null; \
         i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; \
         dd if=/dev/zero of={}/file bs=1M count=4 conv=fsync 2>/dev/null",
        folder.path().display()
    );
    let usage = run(&script, |_| {}).finished.usage;
    assert!(usage.user_ms + usage.system_ms > 0, "{usage:?}");
    // `tail` holds it all; but these tests may have held as much.
    assert!(usage.peak_bytes == 0 || usage.peak_bytes > 30_000_000, "{usage:?}");
    // A temporary folder in memory is no storage.
    assert!(usage.written_bytes.is_none_or(|bytes| bytes == 0 || bytes >= 4 << 20), "{usage:?}");
}

#[test]
fn its_process_is_told_before_it_is_taken_away() {
    let heard = Cell::new(None);
    let tell = |started: Started| {
        let process = process_table::read(&started.pid.to_string()).unwrap();
        assert_eq!(process.started_ticks, started.started_ticks);
        heard.set(Some(started.pid));
    };
    let argv = shell("echo $$");
    let job = Job {
        on_start: Some(OnStart(&tell)),
        ..Job::new(&argv, Path::new("/"), tag(), Duration::from_mins(1))
    };
    let mut capture = Capture::default();
    carry_out(&job, &mut capture, &Cancel::new().unwrap()).unwrap();
    assert_eq!(capture.finish().unwrap().head.trim(), heard.get().unwrap().to_string());
}

#[test]
fn a_job_that_is_cancelled_before_it_starts_is_stopped_at_once() {
    let cancel = Cancel::new().unwrap();
    cancel.fire();
    let argv = shell("sleep 600");
    let job = Job::new(&argv, Path::new("/"), tag(), Duration::from_mins(1));
    let finished = carry_out(&job, &mut Capture::default(), &cancel).unwrap();
    assert_eq!((finished.stopped, finished.left), (Some(Stopped::Cancelled), vec![]));
}
