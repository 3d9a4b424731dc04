//! What becomes of the processes of steps: where they run, how they end, and that none is left.

use std::fs;
use std::process::{Command, Output};

use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, nap, plan, processes_with, shell, signal, task};
use crate::support::{Case, wait_until};

/// A task whose only step is `text`, with these other keys.
fn step(name: &str, text: &str, keys: &str) -> String {
    task(name, &format!("    steps:\n      - {{name: it, shell: {text:?}{keys}}}\n"))
}

/// The same command, where no cgroup can be made.
///
/// Whoever may not hide the file system of cgroups may not make any either.
fn without_cgroups(command: &Command) -> Command {
    let mut hidden = Command::new("unshare");
    hidden.args(["--mount", "sh", "-c", "umount -l -R /sys/fs/cgroup; exec \"$@\"", "sh"]);
    let may_hide = Command::new("unshare").args(["--mount", "true"]).output();
    let is_hidden = may_hide.is_ok_and(|output| output.status.success());
    let mut other = if is_hidden {
        hidden.arg(command.get_program());
        hidden
    } else {
        Command::new(command.get_program())
    };
    other.args(command.get_args()).env_clear();
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    other.current_dir(command.get_current_dir().expect("a folder"));
    other.stdin(std::process::Stdio::null());
    other.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    other
}

/// A step that leaves a process behind which kept nothing: no parent, session, environment or descriptor of ours.
fn escape(nap: &str, leader: &str) -> String {
    let away = format!("setsid env -i sh -c 'touch $0; exec {nap}' $PWD/away </dev/null >/dev/null 2>&1");
    shell("slow", &format!("({away} &); exec {leader}"))
}

fn interrupted(mut command: Command, case: &Case) -> Output {
    let child = command.spawn().expect("a process");
    wait_until("it got away", PATIENCE, || case.has("away"));
    signal(&child, Signal::INT);
    child.wait_with_output().expect("an end")
}

#[test]
fn case_27_one_that_kept_nothing_is_stopped_with_its_step() {
    let case = Case::new().plan_file(plan(&escape(&nap(11), &nap(14))));

    let output = interrupted(case.command("run slow"), &case);

    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stdout).contains("stopped; no process is left"));
    assert_eq!(processes_with(&nap(11)), Vec::<String>::new());
}

#[test]
fn case_27_so_it_is_where_mainstay_may_make_no_cgroup() {
    let case = Case::new().plan_file(plan(&escape(&nap(12), &nap(15))));

    let output = interrupted(without_cgroups(&case.command("-v run slow")), &case);

    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("a process group of its own"), "{told}");
    assert_eq!(output.status.code(), Some(130), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("stopped; no process is left"));
    assert_eq!(processes_with(&nap(12)), Vec::<String>::new());
}

/// The processes with these words in their command lines that are in a step's cgroup.
fn in_a_cgroup(words: &str) -> bool {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let mut texts = entries.map(|entry| {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        (command, String::from_utf8_lossy(&read("cgroup")).into_owned())
    });
    texts.any(|(command, cgroup)| command.starts_with(words) && cgroup.contains("/mainstay-"))
}

#[test]
fn what_a_killed_mainstay_left_is_found_at_the_next_start_even_if_it_kept_nothing() {
    let case = Case::new().plan_file(plan(&escape(&nap(13), &nap(16))));
    let mut child = case.command("-v run slow").spawn().expect("a process");
    wait_until("it got away", PATIENCE, || case.has("away"));
    let mut told = String::new();
    let is_contained = {
        let stderr = child.stderr.take().expect("a pipe");
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
        told.extend(lines.by_ref().map_while(Result::ok).find(|line| line.contains("of its own")));
        told.contains("cgroup of its own")
    };
    if is_contained {
        wait_until("it is in a cgroup", PATIENCE, || in_a_cgroup(&nap(13)));
    }
    child.kill().expect("kill -9");
    child.wait().expect("an end");

    // Whoever only looks is told, and touches nothing.
    for look in ["run --list", "run --show last", "plan", "monitor"] {
        case.run(look).any_output_with("run 1 of `slow` has lost its mainstay (pid ");
    }
    let mut shown = case.run("run --show last").any_output();
    let shown = shown.take_stdout();
    assert!(
        shown.contains("no end") && shown.contains("its mainstay has gone") && !shown.contains(" now"),
        "{shown}"
    );
    assert_ne!(processes_with(&nap(16)), Vec::<String>::new());

    case.run("run --due").any_output();

    if is_contained {
        assert_eq!(processes_with(&nap(13)), Vec::<String>::new());
    }
    // The leader kept its tag, which is enough everywhere.
    assert_eq!(processes_with(&nap(16)), Vec::<String>::new());
    let _ = Command::new("pkill").args(["-f", &nap(13)]).status();
}

#[test]
fn case_33_nothing_of_the_callers_environment_gets_through() {
    let case = Case::new().plan_file(plan(&shell("look", "env > seen")));
    let mut command = case.command("run look");
    let hostile = [
        ("TMOUT", "1"),
        ("TZ", "Antarctica/Troll"),
        ("LD_PRELOAD", "/nowhere.so"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "C"),
        ("BASH_ENV", "/nowhere"),
        ("IFS", "x"),
        ("HOME", "/somewhere"),
    ];
    assert!(command.envs(hostile).output().expect("the binary was built").status.success());

    let seen = case.read("seen");
    let mut names: Vec<_> = seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "HOME",
            "LANG",
            "MAINSTAY_RUN",
            "MAINSTAY_STEP",
            "MAINSTAY_TARGET",
            "MAINSTAY_TASK",
            "PATH",
            "SHELL"
        ]
    );
    for line in ["LANG=C.UTF-8", "SHELL=/bin/sh", "HOME=/somewhere"] {
        assert!(seen.lines().any(|seen| seen == line), "{line} is not in {seen}");
    }
}

#[test]
fn case_32_a_step_has_no_terminal_to_ask_for_a_password_on_even_if_mainstay_has_one() {
    let case = Case::new()
        .plan_file(plan(&shell("ask", "(exec </dev/tty) 2>/dev/null && echo yes > has || echo no > has")));
    let mainstay = case.command("-q run ask");
    // A terminal that hangs up would be the end of it: nobody is asked, so nobody has to answer.
    let words = std::iter::once(mainstay.get_program()).chain(mainstay.get_args());
    let line: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &line.join(" "), "/dev/null"]).current_dir(case.path());

    let output = script.stdin(std::process::Stdio::null()).output().expect("`script` of util-linux");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(case.read("has"), "no\n");
}

#[test]
fn case_52_endings_are_told_apart() {
    let check = |text: &str, expected: &str| {
        let case = Case::new().plan_file(plan(&step("end", text, "")));
        case.run("run end").exit(1).stderr_has("hint: ").stdout_has(expected);
    };
    check("exit 3", "`it`: exit code 3\n");
    check("no-such-program-at-all", "`it`: exit code 127 (not found)\n");
    check("/etc/passwd", "`it`: exit code 126 (cannot execute)\n");
    check("kill -SEGV $$", "`it`: killed by signal 11 (SEGV)");
    let argv = task("end", "    steps:\n      - run: [/etc/passwd]\n");
    let case = Case::new().plan_file(plan(&argv));
    case.run("run end").exit(1).stderr_has("hint: ").stdout_has("cannot execute `/etc/passwd`");
}

/// A task on two targets, of which the step `first` says "not now" on `a`.
fn on_two_targets(then: &str) -> String {
    let body = "    targets: [a, b]\n    steps:\n      - {name: first, shell: 'test $MAINSTAY_TARGET = b || exit 75'}\n";
    format!(
        "mainstay: 1\ntargets:\n  a: {{local: true}}\n  b: {{local: true}}\ntasks:\n{}",
        task("both", &format!("{body}{then}"))
    )
}

#[test]
fn case_52_not_now_from_the_first_step_leaves_the_target_out_and_is_no_failure() {
    let rest = "    steps:\n      - {name: ask, shell: 'exit 75', retry: {attempts: 3}}\n      - shell: touch never\n    \
                verify:\n      - file: {path: never}\n    rollback:\n      - shell: touch undone\n    finally:\n      - \
                shell: touch tidied\n";
    let case = Case::new().plan_file(plan(&task("careful", rest)));

    let runs = case.run("run careful --format json").exit(0).json();

    assert_eq!(runs["runs"][0]["outcome"], "skipped");
    let steps = runs["runs"][0]["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!((&steps[0]["outcome"], &steps[0]["exit_code"]), (&"skipped".into(), &75.into()));
    assert_eq!(steps[0]["attempts"], 1);
    assert!(!case.has("never") && !case.has("undone") && !case.has("tidied"), "nothing was touched");
}

#[test]
fn case_52_not_now_on_one_target_lets_the_others_go_on() {
    let then = "      - shell: echo $MAINSTAY_TARGET >> worked\n    finally:\n      - shell: echo $MAINSTAY_TARGET >> tidied\n";
    let case = Case::new().plan_file(on_two_targets(then));

    let runs = case.run("run both --format json").exit(0).json();

    assert_eq!(runs["runs"][0]["outcome"], "succeeded");
    assert_eq!((case.read("worked"), case.read("tidied")), ("b\n".to_owned(), "b\n".to_owned()));
    let log = case.run("audit log --run 1 --format json").json().to_string();
    assert!(log.contains("step 1 of 2, `first` on a: exit code 75 (not now)"), "{log}");
}

#[test]
fn case_52_not_now_is_a_failure_once_work_has_been_done_and_when_cleaning_up() {
    let later = "    steps:\n      - shell: touch begun\n      - {name: it, shell: exit 75}\n    rollback:\n      - shell: touch undone\n";
    let case = Case::new().plan_file(plan(&task("late", later)));
    let runs = case.run("run late --format json").exit(1).json();
    assert_eq!(runs["runs"][0]["outcome"], "rolled_back");
    assert!(case.has("undone"));

    let tidying = "    steps:\n      - shell: 'true'\n    finally:\n      - {name: it, shell: exit 75}\n";
    let case = Case::new().plan_file(plan(&task("tidy", tidying)));
    case.run("run tidy").exit(1).stderr_has("hint: ").stdout_has("finally step `it`: exit code 75 (not now)");
}

#[test]
fn case_52_not_now_from_the_command_of_a_precondition_leaves_the_run_out_and_is_no_failure() {
    let rest = "    preconditions:\n      - command: {run: [sh, -c, 'exit 75']}\n    steps:\n      - shell: touch done\n";
    let case = Case::new().plan_file(plan(&task("careful", rest)));
    let runs = case.run("run careful --format json").exit(0).json();
    assert_eq!(runs["runs"][0]["outcome"], "skipped");
    let reason = runs["runs"][0]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("not now, says the precondition ") && reason.ends_with(" (exit code 75)"),
        "{reason}"
    );
    assert!(!case.has("done"));

    let case = Case::new().plan_file(plan(&task("careful", &rest.replace("75", "7"))));
    assert_eq!(case.run("run careful --format json").exit(1).json()["runs"][0]["outcome"], "refused");
}

#[test]
fn a_user_that_is_not_there_is_refused_before_anything_starts() {
    let rest =
        "    steps:\n      - shell: touch done\n      - {name: it, shell: 'true', user: no-such-user}\n";
    let case = Case::new().plan_file(plan(&task("as", rest)));

    case.run("run as --dry-run").exit(1).stdout_has("this machine knows no user `no-such-user`");
    case.run("run as")
        .exit(1)
        .stderr_has("hint: ")
        .stdout_has("refused: step `it` cannot run: this machine knows no user `no-such-user`");

    assert!(!case.has("done"));
}

/// Whether this is root, with the right to become somebody else.
fn may_become_others() -> bool {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let rights = status.lines().find_map(|line| line.strip_prefix("CapEff:")).expect("rights");
    u64::from_str_radix(rights.trim(), 16).expect("a number") & 0xc0 == 0xc0
}

#[test]
fn a_step_runs_as_its_user_with_the_groups_and_the_home_of_that() {
    if !may_become_others() {
        return;
    }
    let look = "id -u; id -g; id -G; echo $USER $LOGNAME $HOME; echo \"${SSH_AUTH_SOCK-none}\"; grep CapEff /proc/self/status";
    let case = Case::new().plan_file(plan(&step("as", look, ", user: nobody, cwd: /")));
    let run = || {
        let mut command = case.command("run as --format json");
        command.env("SSH_AUTH_SOCK", "/of/root").env("HOME", "/root");
        serde_json::from_slice::<serde_json::Value>(&command.output().expect("the binary was built").stdout)
    };
    assert_eq!(run().expect("JSON")["runs"][0]["outcome"], "succeeded");

    let log = case.run("audit log --run 1 --format json").json().to_string();
    let id = |argument: &str| {
        let output = Command::new("id").args([argument, "nobody"]).output().expect("id").stdout;
        String::from_utf8_lossy(&output).trim().to_owned()
    };
    let home = fs::read_to_string("/etc/passwd").expect("accounts");
    let home = home.lines().find_map(|line| line.strip_prefix("nobody:")?.split(':').nth(4)).expect("nobody");
    let expected = format!(
        "{}\\n{}\\n{}\\nnobody nobody {home}\\nnone\\nCapEff:\\t0000000000000000\\n",
        id("-u"),
        id("-g"),
        id("-G")
    );
    assert!(log.contains(&expected), "{expected} is not in {log}");
}

#[test]
fn whoever_may_not_become_another_user_is_refused_before_anything_starts() {
    let rest = "    steps:\n      - shell: touch done\n      - {name: it, shell: 'true', user: nobody}\n";
    let case = Case::new().plan_file(plan(&task("as", rest)));
    let mainstay = case.command("run as");
    // Root in a container may have lost the right.
    let mut command = Command::new("setpriv");
    if may_become_others() {
        command.args(["--bounding-set", "-setuid,-setgid", "--"]);
    } else {
        command.arg("--");
    }
    command.arg(mainstay.get_program()).args(mainstay.get_args()).current_dir(case.path());

    let output = command.output().expect("setpriv");

    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("refused: step `it` cannot run: only root can run a step as `nobody`"), "{told}");
    assert!(!case.has("done"));
}

#[test]
fn what_a_step_used_is_on_record() {
    let burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 100000000 /dev/zero | tail -c 100000000 >/dev/null";
    let case = Case::new().plan_file(plan(&step("burn", burn, "")));
    case.run("run burn").any_output().exit(0);

    let log = case.run("audit log --run 1 --format json").json();

    let entries = log["entries"].as_array().expect("entries");
    let usage = entries.iter().find_map(|entry| {
        let usage = entry.pointer("/event/step_ended/usage").or_else(|| entry.pointer("/event/usage"));
        usage.filter(|usage| usage.is_object())
    });
    let usage = usage.unwrap_or_else(|| panic!("no usage in {log}"));
    assert!(usage["user_ms"].as_u64().expect("a time") > 0, "{usage}");
    assert!(usage["peak_bytes"].as_u64().expect("a size") > 90_000_000, "{usage}");

    let small =
        Case::new().plan_file(plan(&step("small", "sleep 0.2", ""))).run("run small --format json").json();
    let small = &small["runs"][0]["steps"][0]["usage"]["peak_bytes"];
    assert!(small.is_null() || small.as_u64() > Some(0), "what is not known is not told as 0: {small}");
}

#[test]
fn case_40_a_second_ctrl_c_stops_cleaning_up_and_a_third_ends_mainstay_on_the_spot() {
    let stubborn = "trap \"\" TERM; touch cleaning; until test -e over; do sleep 0.05; done";
    let rest = format!(
        "    steps:\n      - shell: 'touch began; exec sleep 600'\n      - shell: touch never\n    rollback:\n      - shell: '{stubborn}'\n      - shell: touch undone\n"
    );
    let case = Case::new().plan_file(plan(&task("slow", &rest)));
    let mut child = case.command("run slow").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    signal(&child, Signal::INT);
    wait_until("cleaning up has begun", PATIENCE, || case.has("cleaning"));
    // The second one is waited for until the cleaning step has been asked to end: a third before that is a second.
    signal(&child, Signal::INT);
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    wait_until("it is over", PATIENCE, || {
        let _ = kill_process(pid, Signal::INT);
        child.try_wait().expect("a status").is_some()
    });

    let status = child.wait().expect("a status");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(2), "{status:?}");
    assert!(!case.has("never") && !case.has("undone"));
    fs::write(case.path().join("over"), "").expect("a file");
    case.run("run --due").any_output();
    assert_eq!(processes_with("until test -e over"), Vec::<String>::new());
}

/// The same command as the first process of a container; `None` where none may be made.
fn as_the_first_process(command: &Command) -> Option<Command> {
    let unshare = |program: &std::ffi::OsStr| {
        let mut unshare = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            unshare.arg("--map-root-user");
        }
        unshare.args(["--pid", "--fork", "--kill-child", "--mount-proc"]).arg(program);
        unshare
    };
    unshare("true".as_ref()).output().ok()?.status.success().then_some(())?;
    let mut first = unshare(command.get_program());
    first.args(command.get_args()).current_dir(command.get_current_dir()?);
    first.stdin(std::process::Stdio::null());
    first.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    Some(first)
}

#[test]
fn case_36_the_first_process_of_a_container_takes_away_what_has_ended() {
    let rest = "    steps:\n      - shell: 'for n in 1 2 3; do (setsid true &); done'\n      - {name: none, shell: '! grep -q \"State:.Z\" \
                /proc/[0-9]*/status', retry: {attempts: 100}}\n";
    let case = Case::new().plan_file(plan(&task("orphans", rest)));
    let Some(mut command) = as_the_first_process(&case.command("run orphans")) else {
        return eprintln!("not tried: no process namespace may be made here");
    };

    let output = command.output().expect("unshare");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn case_36_a_container_that_was_started_again_does_not_take_itself_for_its_last_life() {
    let case = Case::new().plan_file(plan(&shell("slow", "touch began; exec sleep 600")));
    let Some(mut command) = as_the_first_process(&case.command("run --due")) else {
        return eprintln!("not tried: no process namespace may be made here");
    };
    let mut child = command.spawn().expect("unshare");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child.kill().expect("kill -9");
    child.wait().expect("an end");
    let mut again = as_the_first_process(&case.command("run --due")).expect("as before");

    let output = again.output().expect("unshare");

    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("run 1 of `slow` was interrupted: mainstay (pid 1"), "{told}");
}

#[test]
fn case_36_two_containers_over_one_state_file_do_not_take_each_other_for_dead() {
    let case = Case::new().plan_file(plan(&shell("slow", "touch began; exec sleep 600")));
    let Some(mut command) = as_the_first_process(&case.command("run --due")) else {
        return eprintln!("not tried: no process namespace may be made here");
    };
    let mut child = command.spawn().expect("unshare");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    let in_another = |arguments: &str| {
        as_the_first_process(&case.command(arguments)).expect("as before").output().expect("unshare")
    };

    // Both are the process 1 of their container, and neither sees the other.
    for output in [in_another("run slow"), case.command("run slow").output().expect("a process")] {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let result = String::from_utf8_lossy(&output.stdout).into_owned() + &told;
        assert_eq!(output.status.code(), Some(4), "{result}");
        assert!(result.contains("1 of root") && !result.contains("interrupted"), "{result}");
    }
    case.run("run --resume 1").exit(4).any_output();
    case.run("run --abandon 1 --reason gone").exit(4).any_output();

    child.kill().expect("kill -9");
    child.wait().expect("an end");
    let told = String::from_utf8_lossy(&in_another("run --due").stderr).into_owned();
    assert!(
        told.contains("run 1 of `slow` was interrupted: mainstay (pid 1 in another container) ended"),
        "{told}"
    );
    assert!(told.contains("what that left running there cannot be seen from here"), "{told}");
}
