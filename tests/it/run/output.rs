//! What steps print: any amount of any bytes, kept whole beside the state, shown as it comes.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::Value;
use wait4::Wait4;

use super::{in_a_mount_namespace, plan, shell, task};
use crate::support::Case;

/// The outputs of all steps that printed something, in the order of the ledger, as they are on record.
fn outputs(case: &Case) -> Vec<Value> {
    let export = case.run("audit export").exit(0).take_text();
    let entries = export.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let outputs = entries.map(|entry| entry["event"]["output"].clone());
    outputs.filter(|output| output.is_object()).collect()
}

/// What stock tools make of a log.
fn log_of(case: &Case, output: &Value) -> Vec<u8> {
    let name = output["log"]["name"].as_str().expect("a log");
    let path = case.path().join(".mainstay/logs").join(name);
    let run = |program: &str, argument: &str| {
        let ran = Command::new(program).arg(argument).arg(&path).output().expect("a stock tool");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    let digest = String::from_utf8(run("sha256sum", "--binary")).expect("text");
    assert_eq!(digest.split(' ').next(), output["log"]["digest"].as_str());
    run("gzip", "-dc")
}

#[test]
fn a_log_beside_the_state_has_the_whole_output_and_small_output_makes_none() {
    let rest = "    steps:\n      - shell: echo little\n      - shell: seq 1 60000; printf 'end\\000\\377'\n";
    let case = Case::new().plan_file(plan(&task("count", rest)));

    case.run("run count").any_output().exit(0);

    let outputs = outputs(&case);
    let expected: String = (1..=60000).map(|n| format!("{n}\n")).collect();
    let expected = [expected.as_bytes(), b"end\0\xff"].concat();
    assert_eq!((&outputs[0]["head"], &outputs[0]["log"]), (&"little\n".into(), &Value::Null));
    assert!(log_of(&case, &outputs[1]) == expected);
    assert_eq!(outputs[1]["bytes"], expected.len());
    assert_eq!(
        (&outputs[1]["log"]["bytes"], &outputs[1]["log"]["is_cut"]),
        (&expected.len().into(), &false.into())
    );
    let mode = |name: &str| case.path().join(name).metadata().expect("it is there").permissions().mode();
    assert_eq!(mode(".mainstay/logs") & 0o777, 0o700);
    assert_eq!(mode(".mainstay/logs/1-2-1.log.gz") & 0o777, 0o600);
}

#[test]
fn case_30_any_amount_of_any_bytes_costs_constant_memory() {
    // One line of 200 MiB, all of it NUL bytes; half a million short lines; what is no UTF-8.
    let rest = "    steps:\n      - shell: head -c 200M /dev/zero\n      - shell: yes | head -n 500000\n      \
                - shell: head -c 30M /dev/urandom\n";
    let case = Case::new().plan_file(plan(&task("flood", rest)));
    let peak = |arguments: &str| {
        let child = case.command(arguments).stdout(Stdio::null()).spawn().expect("a process");
        let used = child.wait4().expect("an end");
        assert!(used.status.success());
        used.rusage.maxrss
    };

    let (little, much) = (peak("run --dry-run flood"), peak("run flood"));

    assert!(much < little + (16 << 20), "{} MiB, and {} MiB to look ahead", much >> 20, little >> 20);
    let outputs = outputs(&case);
    let bytes: Vec<_> = outputs.iter().map(|output| output["bytes"].as_u64()).collect();
    assert_eq!(bytes, [200 << 20, 1_000_000, 30 << 20].map(Some));
    for output in &outputs {
        let held = log_of(&case, output).len() as u64;
        assert_eq!(output["log"]["bytes"].as_u64(), Some(held));
        let is_cut = output["log"]["is_cut"] == true;
        assert!(is_cut || Some(held) == output["bytes"].as_u64(), "{output}");
    }
}

#[test]
fn case_30_a_log_that_finds_no_room_is_cut_and_the_step_goes_on() {
    let rest = "    steps:\n      - {name: flood, shell: 'head -c 6M /dev/urandom; touch ended'}\n      - shell: touch after\n";
    let case = Case::new().plan_file(plan(&task("flood", rest)));
    // 16 MiB are left to the state file whatever comes.
    let script = "set -e
        mkdir disk; mount -t tmpfs -o size=20m tmpfs disk
        $MAINSTAY --state disk/state.db run flood; echo $?
        $MAINSTAY --state disk/state.db audit export";
    let Some(output) = in_a_mount_namespace(case.path(), script) else {
        return eprintln!("not tried: no mount namespace may be made here");
    };

    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("\n0\n"), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    let ended = stdout.lines().find(|line| line.contains("6291456")).expect("the end of the step");
    let ended: Value = serde_json::from_str(ended).expect("JSON");
    let message = ended["event"]["message"].as_str().expect("a message");
    assert!(
        message.starts_with("its log is cut: only ") && message.ends_with("MiB are left on its disk"),
        "{message}"
    );
    assert_eq!(ended["event"]["output"]["log"]["is_cut"], true);
    assert!(case.has("ended") && case.has("after"));
}

#[test]
fn follow_shows_each_line_behind_its_task_and_target_and_nothing_in_it_acts() {
    let tasks = [
        task(
            "one",
            "    steps: [{shell: 'printf \"a\\\\033[2Jb\\\\n\"; printf \"50%%\\\\r100%%\\\\n\"; printf end'}]\n",
        ),
        task("two", "    targets: [here]\n    steps: [{shell: 'echo ::error::x; seq 1 2000'}]\n"),
    ];
    let case = Case::new()
        .plan_file(format!("mainstay: 1\ntargets: {{here: {{local: true}}}}\ntasks:\n{}", tasks.concat()));

    let mut ran = case.run("run one two --follow").exit(0);

    let (shown, _) = (ran.take_stderr(), ran.take_stdout());
    let lines = |of: &str| -> Vec<String> {
        let lines = shown.lines().filter_map(|line| line.strip_prefix(of)).map(str::to_owned);
        lines.collect()
    };
    assert_eq!(lines("one/local | "), ["a\\u{1b}[2Jb", "100%", "end"]);
    let two: Vec<_> =
        std::iter::once("\\u{3a}:error::x".to_owned()).chain((1..=2000).map(|n| n.to_string())).collect();
    assert_eq!(lines("two/here | "), two);
    assert_eq!(shown.lines().count(), 3 + 2001, "nothing else is said");
}

#[test]
fn a_reader_that_does_not_keep_up_does_not_hold_up_a_step_that_is_followed() {
    let case = Case::new().plan_file(plan(&shell("flood", "yes | head -c 8M; touch ended")));
    let mut child = case.command("run flood --follow").spawn().expect("a process");
    // Its stderr is a pipe that nobody reads until the step has ended.
    crate::support::wait_until("the step has ended", super::PATIENCE, || case.has("ended"));
    let stderr = std::io::read_to_string(child.stderr.take().expect("a pipe")).expect("text");

    assert!(child.wait().expect("an end").success());
    assert!(stderr.contains(" left out: they came faster than they could be shown"), "{}", stderr.len());
}

#[test]
fn case_31_whatever_becomes_of_our_stdout_the_run_goes_on_and_its_end_is_told() {
    for (name, redirect, exit_codes) in [
        ("closed", ">&-", [0, 1]),
        ("read_by_nobody", "| true", [0, 1]),
        ("read_in_part", "| head -c 1", [0, 1]),
        // It is the report that failed then, and that is told.
        ("full", ">/dev/full", [3, 3]),
    ] {
        let tasks =
            [shell("work", "seq 1 9000; touch done"), shell("fail", "seq 1 9000; touch tried; exit 5")];
        let case = Case::new().plan_file(plan(&tasks.concat()));
        for (n, task) in ["work", "fail"].into_iter().enumerate() {
            let script = format!("{{ $MAINSTAY run {task} --follow; echo $? >code; }} {redirect}");
            let script = if redirect.starts_with('|') {
                script
            } else {
                format!("$MAINSTAY run {task} --follow {redirect}; echo $? >code")
            };
            let mut shell = case.command("").env("MAINSTAY", env!("CARGO_BIN_EXE_mainstay")).get_envs().fold(
                Command::new("sh"),
                |mut shell, (name, value)| {
                    shell.env(name, value.unwrap_or_default());
                    shell
                },
            );
            let ran = shell.args(["-c", &script]).current_dir(case.path()).output().expect("a shell");
            let stderr = String::from_utf8_lossy(&ran.stderr);
            assert_eq!(case.read("code").trim(), exit_codes[n].to_string(), "{name}: {stderr}");
            assert!(!stderr.contains("panicked"), "{name}: {stderr}");
        }
        let runs = case.run("report status --format json").any_output();
        drop(runs);
        let export = case.run("audit export").exit(0).take_text();
        let ended: Vec<_> = export.lines().filter(|line| line.contains("\"kind\":\"run_ended\"")).collect();
        assert!(
            ended.len() == 2 && ended[0].contains("succeeded") && ended[1].contains("failed"),
            "{name}: {ended:?}"
        );
        assert!(case.has("done") && case.has("tried"));
        std::io::stderr().flush().expect("it can be flushed");
    }
}
