//! Who may work on what, when several want to: within one process and across processes.

use std::process::{Child, Output};

use super::{PATIENCE, plan, processes_with, shell, signal, task};
use crate::support::{Case, wait_until};
use rustix::process::Signal;

/// A step that says that it has begun and goes on until there is a file `go`.
fn held(name: &str) -> String {
    shell(name, &format!("touch {name}.began; until [ -e go ]; do sleep 0.05; done"))
}

/// A step that notes in `order` when it begins and when it ends.
fn noted(name: &str, rest: &str) -> String {
    format!("{}{rest}", shell(name, &format!("echo {name} >> order; sleep 0.2; echo {name} >> order")))
}

fn let_go(case: &Case) {
    std::fs::write(case.path().join("go"), "").expect("a file");
}

fn started(case: &Case, arguments: &str, file: &str) -> Child {
    let child = case.command(arguments).spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has(file));
    child
}

fn end(child: Child) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// Whether each task of `order` ended before another one began.
fn one_after_the_other(order: &str) -> bool {
    let lines: Vec<_> = order.lines().collect();
    lines.len() % 2 == 0 && lines.chunks(2).all(|pair| pair[0] == pair[1])
}

#[test]
fn case_37_of_sixteen_that_are_due_at_once_one_starts_and_a_loser_that_finds_it_held_names_the_holder() {
    let case = Case::new().plan_file(plan(&held("count")));
    let winner = started(&case, "run --due", "count.began");
    let named = case.command("run count").spawn().expect("a process");
    let ticks: Vec<_> = (0..14).map(|_| case.command("run --due").spawn().expect("a process")).collect();
    let (code, told, _) = end(named);
    assert_eq!(code, Some(4));
    let holder = format!(
        "`count` was not started: the last run of task `count` has not ended: run 1 of `count`, held by process {} of ",
        winner.id()
    );
    assert!(told.starts_with(&holder), "{told}");
    for tick in ticks {
        let (code, stdout, stderr) = end(tick);
        assert_eq!(
            (code, stdout.as_str(), stderr.as_str()),
            (Some(0), "", ""),
            "nothing is due while it goes on"
        );
    }
    let_go(&case);
    assert_eq!(end(winner).0, Some(0));
    assert_eq!(case.run("audit log").take_text().matches("run 2").count(), 0);
}

#[test]
fn any_number_of_processes_at_the_same_millisecond_start_each_occurrence_once() {
    let tasks: String = (0..4).map(|n| shell(&format!("t{n}"), &format!("echo {n} >> done"))).collect();
    let case = Case::new().plan_file(plan(&tasks));
    let children: Vec<_> = (0..16).map(|_| case.command("run --due").spawn().expect("a process")).collect();
    for child in children {
        let (code, stdout, stderr) = end(child);
        assert!(matches!(code, Some(0 | 4)), "{stdout}{stderr}");
        assert!(code != Some(4) || stdout.contains("held by process "), "{stdout}");
    }
    let mut done: Vec<_> = case.read("done").lines().map(str::to_owned).collect();
    done.sort();
    assert_eq!(done, ["0", "1", "2", "3"]);
}

#[test]
fn what_another_process_holds_is_refused_with_all_that_is_known_of_the_holder() {
    let claim = "    claims: [alerting-path]\n";
    let crew = "    resources: {crew: 2}\n";
    let tasks = [
        held("first") + claim + crew,
        shell("second", "true") + claim,
        shell("third", "true") + crew,
        shell("free", "true"),
    ];
    let case = Case::new().plan_file(format!("resources: {{crew: 3}}\n{}", plan(&tasks.concat())));
    let holder = started(&case, "run first", "first.began");
    let by = format!("run 1 of `first`, held by process {} of ", holder.id());
    let check = |name: &str, expected: &str| {
        let mut ran = case.run(&format!("run {name}")).exit(4).stderr_has("hint: ");
        let told = ran.take_stdout();
        assert!(told.starts_with(&format!("`{name}` was not started: {expected}: {by}")), "{told}");
        assert!(told.contains(" since 20"), "{told}");
    };
    check("second", "the claim `alerting-path` is held");
    check("third", "it takes 2 of the resource `crew`, and of 3 there are 2 taken");
    case.run("run free").exit(0).any_output();
    let_go(&case);
    assert_eq!(end(holder).0, Some(0));
    case.run("run second third").exit(0).any_output();
}

#[test]
fn with_wait_it_waits_says_for_what_and_runs_as_soon_as_that_is_free() {
    let claim = "    claims: [alerting-path]\n";
    let tasks = [held("first") + claim, shell("second", "touch second.done") + claim];
    let case = Case::new().plan_file(plan(&tasks.concat()));
    let holder = started(&case, "run first", "first.began");
    case.run("run second --wait 1s").exit(4).any_output();

    let mut waiting = case.command("run second --wait 10m").spawn().expect("a process");
    let mut said = std::io::BufReader::new(waiting.stderr.take().expect("stderr"));
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
    let by = format!(
        "`second` waits, for 10m at most: the claim `alerting-path` is held: run 1 of `first`, held by process {} of ",
        holder.id()
    );
    assert!(line.starts_with(&by), "{line}");
    assert!(!case.has("second.done"));
    let_go(&case);
    assert_eq!(waiting.wait().expect("an end").code(), Some(0));
    assert!(case.has("second.done"));
    assert_eq!(end(holder).0, Some(0));
}

#[test]
fn who_waits_hears_ctrl_c() {
    let case = Case::new().plan_file(plan(&held("first")));
    let holder = started(&case, "run first", "first.began");
    let mut waiting = case.command("run first --wait 10m").spawn().expect("a process");
    let mut said = std::io::BufReader::new(waiting.stderr.take().expect("stderr"));
    std::io::BufRead::read_line(&mut said, &mut String::new()).expect("a line");
    signal(&waiting, Signal::INT);
    assert_eq!(waiting.wait().expect("an end").code(), Some(130));
    let_go(&case);
    assert_eq!(end(holder).0, Some(0));
}

#[test]
fn case_35_who_waits_for_a_process_that_dies_settles_what_it_left_and_goes_on() {
    let nap = super::nap(5);
    let case = Case::new()
        .plan_file(plan(&shell("first", &format!("if [ -e again ]; then exit 0; fi; touch again; {nap}"))));
    let mut holder = started(&case, "run first", "again");
    let mut waiting = case.command("run first --wait 10m").spawn().expect("a process");
    let mut said = std::io::BufReader::new(waiting.stderr.take().expect("stderr"));
    std::io::BufRead::read_line(&mut said, &mut String::new()).expect("a line");
    holder.kill().expect("kill -9");
    holder.wait().expect("an end");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).expect("a line");
    assert!(line.starts_with("run 1 of `first` was interrupted: mainstay (pid "), "{line}");
    assert_eq!(waiting.wait().expect("an end").code(), Some(0));
    assert_eq!(processes_with(&nap), Vec::<String>::new());
}

#[test]
fn siblings_wait_for_what_they_share_and_none_is_reported_as_held() {
    let claim = "    claims: [tsdb]\n";
    let names = ["a", "b", "c", "d"];
    let tasks: String = names.iter().map(|name| noted(name, claim)).collect();
    let case = Case::new().plan_file(plan(&tasks));
    case.run("run --due --jobs 4").exit(0).any_output();
    assert!(one_after_the_other(&case.read("order")), "{}", case.read("order"));
    let case = Case::new().plan_file(plan(&tasks));
    case.run("run a b c d --jobs 4").exit(0).any_output();
    assert!(one_after_the_other(&case.read("order")), "{}", case.read("order"));
}

#[test]
fn shared_claims_go_on_together_and_an_exclusive_one_alone() {
    // The two that share need each other: each ends only when the other one has begun.
    let meet = |name: &str, other: &str| {
        shell(name, &format!("touch {name}.began; until [ -e {other}.began ]; do sleep 0.05; done"))
            + "    claims: [{tsdb: shared}]\n"
    };
    let alone = shell("alone", "test ! -e a.began -o -e b.began") + "    claims: [tsdb]\n";
    let case = Case::new().plan_file(plan(&[meet("a", "b"), meet("b", "a"), alone].concat()));
    case.run("run a b alone --jobs 3").exit(0).any_output();
}

#[test]
fn a_successor_starts_when_its_own_predecessor_is_over_and_not_when_the_whole_level_is() {
    // `slow` ends only when the chain is done: with rounds or levels that would be never.
    let tasks = [
        task("slow", "    steps:\n      - {shell: 'until [ -e end ]; do sleep 0.05; done', timeout: 60s}\n"),
        shell("first", "true"),
        shell("second", "true") + "    after: [first]\n",
        shell("third", "touch end") + "    after: [second]\n",
    ];
    let case = Case::new().plan_file(plan(&tasks.concat()));
    case.run("run slow first second third").exit(0).any_output();
    let case = Case::new().plan_file(plan(&tasks.concat()));
    case.run("run --due").exit(0).any_output();
    let runs = case.run("audit log").take_text();
    assert_eq!(runs.matches(" succeeded").count(), 8, "{runs}");
}

#[test]
fn case_45_a_diamond_runs_its_shared_node_once() {
    let tasks = [
        shell("top", "echo top >> order"),
        shell("left", "echo left >> order") + "    after: [top]\n",
        shell("right", "echo right >> order") + "    after: [top]\n",
        shell("bottom", "echo bottom >> order") + "    after: [left, right]\n",
    ];
    for command in ["run bottom left right top top", "run --due"] {
        let case = Case::new().plan_file(plan(&tasks.concat()));
        case.run(command).exit(0).any_output();
        let order = case.read("order");
        let lines: Vec<_> = order.lines().collect();
        assert_eq!((lines.len(), lines[0], lines[3]), (4, "top", "bottom"), "{order}");
    }
}

#[test]
fn what_comes_after_a_failure_is_left_out_all_the_way_down() {
    let tasks = [
        shell("first", "false"),
        shell("second", "touch never") + "    after: [first]\n",
        shell("third", "touch never") + "    after: [second]\n",
    ];
    let case = Case::new().plan_file(plan(&tasks.concat()));
    let mut ran = case.run("run third second first").exit(1).stderr_has("hint: ");
    let told = ran.take_stdout();
    for (name, before) in [("second", "first"), ("third", "second")] {
        let line = format!("`{name}` was not started: it comes after `{before}`, which did not succeed\n");
        assert!(told.contains(&line), "{told}");
    }
    assert!(!case.has("never"));
    let log = case.run("audit log").take_text();
    assert!(log.contains("run of second refused: it comes after `first`, which did not succeed"), "{log}");
}

#[test]
fn with_one_job_the_more_urgent_of_what_is_due_comes_first() {
    let with = |name: &str, priority: u8| {
        shell(name, &format!("echo {name} >> order")) + &format!("    priority: {priority}\n")
    };
    let tasks = [with("low", 10), with("high", 90), with("middle", 50)];
    let case = Case::new().plan_file(plan(&tasks.concat()));
    case.run("run --due --jobs 1").exit(0).any_output();
    assert_eq!(case.read("order"), "high\nmiddle\nlow\n");
}

#[test]
fn what_asks_for_more_than_there_is_is_told_so() {
    let case = Case::new().plan_file(format!(
        "targets: {{a: {{local: true, group: pair}}, b: {{local: true, group: pair}}}}\ngroups: {{pair: {{max_down: 1}}}}\n{}",
        plan(&(shell("both", "echo x >> done") + "    targets: [a, b]\n"))
    ));
    case.run("run both").exit(0).any_output();
    assert_eq!(case.read("done"), "x\nx\n", "one after the other");
}

#[test]
fn a_limit_keeps_the_other_targets_untouched_and_a_wrong_one_is_refused() {
    let targets = "targets: {a: {local: true, group: pair}, b: {local: true, group: pair}, c: {local: true}}\ngroups: {pair: {max_down: 1}}\n";
    let each = shell("each", "echo $MAINSTAY_TARGET >> done") + "    targets: [all]\n";
    let case = Case::new().plan_file(format!("{targets}{}", plan(&each)));
    case.run("run each --limit c,b").exit(0).any_output();
    assert_eq!(case.read("done"), "b\nc\n", "in the order of the task");
    case.run("run each --limit group:pair").exit(0).any_output();
    assert_eq!(case.read("done"), "b\nc\na\nb\n");
    case.run("run each --limit d")
        .exit(2)
        .stderr("hint: the plan file has: a, b, c\nerror: `--limit d` means no target\n");
    let only = shell("only", "true") + "    targets: [a]\n";
    let case = Case::new().plan_file(format!("{targets}{}", plan(&(each + &only))));
    case.run("run only each --limit c")
        .exit(2)
        .stderr("error: task `only` works on none of the targets of `--limit`\n");
    assert!(!case.has("done"));
    case.run("run --due --limit a").exit(2).any_output();
}
