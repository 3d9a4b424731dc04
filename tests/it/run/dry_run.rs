//! `run --dry-run`: a preflight that states its coverage, touches nothing, and ends as the real run would.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::{PATIENCE, in_a_mount_namespace, plan, shell, signal, task};
use crate::support::{Case, wait_until};

/// A peer that answers every request with an empty list and keeps its first line.
struct Peer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = listener.local_addr().expect("an address");
        let (asked, closed) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (asked, closed) = (Arc::clone(&asked), Arc::clone(&closed));
            move || {
                for connection in listener.incoming() {
                    if closed.load(Ordering::SeqCst) {
                        return;
                    }
                    if let Some(line) = connection.ok().and_then(answer) {
                        asked.lock().expect("no panic").push(line);
                    }
                }
            }
        });
        Self { address, asked, closed, thread: Some(thread) }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // The thread waits in `accept`: one more connection lets it look at `closed`.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The first line of a request; `None` for a connection on which nothing is sent.
fn answer(connection: TcpStream) -> Option<String> {
    connection.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(connection);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).ok().filter(|n| *n > 0)?;
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]";
    reader.get_mut().write_all(answer).ok()?;
    Some(first.trim_end().to_owned())
}

/// Every file and folder below `folder`, with its size, its mode and when it was changed last.
fn listing(folder: &Path) -> BTreeMap<String, (u64, u32, i64, i64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let meta = path.symlink_metadata().expect("it is there");
        let figures = (meta.len(), meta.mode(), meta.mtime(), meta.mtime_nsec());
        found.insert(path.display().to_string(), figures);
        if meta.is_dir() {
            found.extend(listing(&path));
        }
    }
    found
}

#[test]
fn the_preflight_says_of_each_thing_how_much_it_is_worth() {
    let rest = "    preconditions:\n      - file: {path: maintenance.yaml}\n      - command: {run: [test, -d, data]}\n    steps:\n      - {name: make room, run: [mkdir, -p, data]}\n      - {name: move, shell: 'mv a data/', cwd: data}\n      - {name: rest, wait: 1s}\n    verify:\n      - command: {run: [test, -e, data/a]}\n    rollback:\n      - run: [rm, -rf, data]\n";
    let case = Case::new().plan_file(plan(&task("move", rest)));
    let mut ran = case.run("run move --dry-run").exit(0);
    let text = ran.take_stdout();
    let (state, text) = text.split_once("\n\n").expect("the state file comes first");
    assert!(
        state.starts_with("state: verified  .mainstay/state.db is not there yet and can be made; "),
        "{state}"
    );
    let folder = fs::canonicalize(case.path()).expect("a folder").display().to_string();
    let path = |name: &str| {
        let search = std::env::var_os("PATH").expect("PATH");
        let mut found = std::env::split_paths(&search).map(|at| at.join(name));
        found.find(|at| at.exists()).expect("a program").display().to_string()
    };
    assert_eq!(
        text.replace(&folder, "*").replace(&case.path().display().to_string(), "*"),
        format!(
            "move: move\n  \
             gate           verified     window: may run at any time\n  \
             preconditions  verified     file maintenance.yaml: */maintenance.yaml\n  \
             preconditions  cannot know  command test -d data: program {test}; a dry run runs no command\n  \
             steps          verified     make room: program {mkdir}\n  \
             steps          cannot know  move: there is no folder */data yet; `make room` before it may make it; \
             syntax verified only (sh -n); what its commands do is not tried\n  \
             steps          verified     rest: nothing but time passes\n  \
             verify         cannot know  command test -e data/a: asked only then; program {test}\n  \
             rollback       verified     rm -rf data: program {rm}\n  \
             5 verified, 0 assumed, 3 cannot be known; nothing stands against it\n",
            test = path("test"),
            mkdir = path("mkdir"),
            rm = path("rm"),
        )
    );
    let json = case.run("run move --dry-run --format json").exit(0).json();
    assert_eq!(json["schema"], "mainstay/run-dry-run/v1");
    assert_eq!((&json["exit_code"], &json["state"]["certainty"]), (&0.into(), &"verified".into()));
    let work = &json["tasks"][0];
    assert_eq!((&work["verified"], &work["assumed"]), (&5.into(), &0.into()));
    assert_eq!((&work["cannot_know"], &work["wrong"], &work["ends_at"]), (&3.into(), &0.into(), &().into()));
    assert_eq!(work["items"][2]["certainty"], "cannot_know");
}

#[test]
fn a_dry_run_ends_with_the_exit_code_of_the_real_run() {
    let closed = "windows:\n  night: {cron: '0 2 * * *', duration: 2h, cutoff: 30m}\n";
    let waits = |name: &str| shell(name, "true").replace("    duration", "    window: night\n    duration");
    let nowhere =
        "connections: {prometheus: {url: 'http://127.0.0.1:1'}, alertmanager: {url: 'http://127.0.0.1:1'}}\n";
    let with = |rest: &str| plan(&task("t", &format!("{rest}    steps: [{{shell: 'true'}}]\n")));
    let cases: [(&str, String, &str, i32); 19] = [
        ("all is well", plan(&shell("t", "true")), "run t", 0),
        ("all is well and due", plan(&shell("t", "true")), "run --due", 0),
        ("a program is not there", plan(&task("t", "    steps: [{run: [no-such-program]}]\n")), "run t", 1),
        ("the shell does not understand", plan(&shell("t", "if true; then")), "run t", 1),
        ("an interpreter is not there", plan(&task("t", "    steps: [{run: [./script]}]\n")), "run t", 1),
        ("a folder is not there", plan(&task("t", "    steps: [{run: ['true'], cwd: none}]\n")), "run t", 1),
        ("it is no folder", plan(&task("t", "    steps: [{run: ['true'], cwd: script}]\n")), "run t", 1),
        ("a window is closed", format!("{}{closed}", plan(&waits("t"))), "run t", 1),
        ("a window is closed, and it is due", format!("{}{closed}", plan(&waits("t"))), "run --due", 0),
        ("a precondition does not hold", with("    preconditions: [{file: {path: none}}]\n"), "run t", 1),
        (
            "a precondition cannot be asked",
            with("    preconditions: [{tcp: {address: '127.0.0.1:1'}}]\n"),
            "run t",
            1,
        ),
        ("there is no Prometheus", format!("{}{nowhere}", with("    baseline: {}\n")), "run t", 1),
        (
            "there is no Alertmanager",
            format!("{}{nowhere}", with("    silence: {matchers: ['a=\"b\"']}\n")),
            "run t",
            1,
        ),
        ("the gate cannot be asked", format!("{}{nowhere}", with("    gate: {promql: up}\n")), "run t", 3),
        (
            "the gate cannot be asked, and it is due",
            format!("{}{nowhere}", with("    gate: {promql: up}\n")),
            "run --due",
            3,
        ),
        (
            "it comes after what failed",
            plan(&format!(
                "{}{}",
                shell("bad", "exit 1"),
                with("    after: bad\n").replace("mainstay: 1\ntasks:\n", "")
            )),
            "run t",
            1,
        ),
        ("a draft", format!("status: draft\n{}", plan(&shell("t", "true"))), "run --due", 1),
        ("no task", "mainstay: 1\n".to_owned(), "run --due", 3),
        ("a state file that cannot be made", plan(&shell("t", "true")), "--state script/state.db run t", 3),
    ];
    for (what, text, arguments, expected) in cases {
        let case = Case::new().plan_file(text).file("script", "#!/no/such/shell\n");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(case.path().join("script"), mode).expect("a mode");
        let arguments = format!("--now 2026-03-07T12:00:00Z {arguments}");
        if what.starts_with("it comes after") {
            case.run("--now 2026-03-07T11:00:00Z run bad").exit(1).any_output();
        }
        let mut dry = case.run(&format!("{arguments} --dry-run")).any_output();
        let said = dry.take_stdout() + &dry.take_stderr();
        let real = case.command(&arguments).output().expect("an end").status.code();
        assert_eq!(real, Some(expected), "the real run: {what}");
        assert!(dry.ended_with(expected), "the dry run: {what}\n{said}");
    }
}

#[test]
fn what_another_mainstay_holds_is_told_with_its_holder() {
    let case = Case::new().plan_file(plan(&shell("slow", "touch began; exec sleep 600")));
    let child = case.command("run slow").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));

    let mut ran = case.run("run slow --dry-run").exit(4);
    let text = ran.take_stdout();
    assert!(text.contains(&format!("process {}", child.id())), "{text}");
    assert!(
        text.contains("locks: it would not start, because another mainstay holds what it needs"),
        "{text}"
    );
    case.run("run slow --dry-run --wait 10m").exit(0).stdout_has("; it waits for that\n");
    signal(&child, rustix::process::Signal::INT);
    assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(130));
}

#[test]
fn a_run_that_died_holds_nothing_and_is_told() {
    let case = Case::new().plan_file(plan(&shell("slow", "touch began; exec sleep 600")));
    let mut child = case.command("run slow").spawn().expect("a process");
    wait_until("the step has begun", PATIENCE, || case.has("began"));
    child.kill().expect("kill -9");
    child.wait().expect("an end");

    case.run("run slow --dry-run").exit(0).stdout_has("run 1 of `slow` was interrupted and is settled first");
    case.run("run --due").any_output();
}

#[test]
fn a_dry_run_has_no_effect_at_all() {
    let peer = Peer::start();
    let url = format!("http://{}", peer.address);
    let rest = format!(
        "    gate: {{promql: up, unknown: open}}\n    preconditions:\n      - http: {{url: '{url}/healthy'}}\n      - http: {{url: '{url}/charge', method: POST}}\n      - command: {{run: [touch, asked]}}\n    silence: {{matchers: ['job=\"x\"']}}\n    steps:\n      - {{run: [touch, done], only_if: {{command: {{run: [touch, decided]}}}}}}\n      - shell: touch shelled; $(touch substituted)\n      - http: {{url: '{url}/hook', method: POST}}\n      - http: {{url: '{url}/fetch'}}\n      - alertmanager: reload\n    verify:\n      - http: {{url: '{url}/verify'}}\n      - command: {{run: [touch, verified]}}\n    rollback:\n      - shell: touch undone\n    finally:\n      - shell: touch tidied\n"
    );
    let text = format!(
        "{}connections: {{prometheus: {{url: '{url}'}}, alertmanager: {{url: '{url}'}}}}\n",
        plan(&task("all", &rest))
    );
    let case = Case::new().plan_file(text);
    for has_state in [false, true] {
        if has_state {
            // A state file that is there is only read.
            let other = Case::new().plan_file(plan(&shell("other", "true")));
            other.run("run other").exit(0).any_output();
            fs::create_dir(case.path().join(".mainstay")).expect("a folder");
            fs::copy(other.path().join(".mainstay/state.db"), case.path().join(".mainstay/state.db"))
                .expect("a copy");
        }
        let before = listing(case.path());
        case.run("run all --dry-run").exit(0).any_output();
        case.run("run all --dry-run --format json").exit(0).any_output();
        case.run("run --due --dry-run").exit(0).any_output();
        assert_eq!(listing(case.path()), before, "with a state file: {has_state}");
    }
    let asked = peer.asked();
    let changes =
        asked.iter().filter(|line| !line.starts_with("GET ") && !line.starts_with("POST /api/v1/query "));
    assert_eq!(changes.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(asked.iter().any(|line| line.starts_with("GET /healthy ")), "{asked:?}");
    assert!(!asked.iter().any(|line| line.contains("/fetch") || line.contains("/verify")), "{asked:?}");
}

#[test]
fn case_53_without_write_access_to_the_state_the_preflight_is_the_same() {
    let case = Case::new().plan_file(plan(&format!(
        "{}{}",
        shell("good", "touch done"),
        task("bad", "    steps: [{run: [no-such-program]}]\n")
    )));
    let script = "mkdir ro
        $MAINSTAY --state ro/state.db run good >/dev/null 2>&1; echo $?
        rm -f done
        mkdir none; mount -t tmpfs -o ro tmpfs none
        mount --bind ro ro; mount -o remount,ro,bind ro
        for state in ro/state.db none/state.db none/deeper/state.db; do
            $MAINSTAY --state $state run good --dry-run > out-$(basename $(dirname $state)); echo $?
            $MAINSTAY --state $state run bad --dry-run > /dev/null; echo $?
            $MAINSTAY --state $state run good > /dev/null 2>&1; echo $?
        done";
    let Some(output) = in_a_mount_namespace(case.path(), script) else {
        return eprintln!("not tried: no mount namespace may be made here");
    };
    let codes = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(codes, "0 0 1 3 0 1 3 0 1 3", "{errors}");
    assert!(!case.has("done"));
    for (name, expected) in
        [("out-ro", "locks: nothing that it needs is held"), ("out-none", "state: assumed  not by `")]
    {
        let text = case.read(name);
        assert!(text.contains(expected) && text.starts_with("state: assumed  "), "{text}");
        assert!(text.ends_with("nothing stands against it\n"), "{text}");
    }
}

#[test]
fn what_is_due_is_looked_at_and_so_are_conditions() {
    let text = "mainstay: 1\nchecks:\n  tidy: {file: {path: litter, exists: false}}\n  asked: {command: {run: [touch, ran]}}\ntasks:\n";
    let when = |name: &str, check: &str| {
        format!(
            "  {name}:\n    type: corrective\n    domain: component\n    schedule: {{when: {check}, within: 4h}}\n    duration: 1m\n    steps: [{{shell: 'true'}}]\n"
        )
    };
    let tasks = format!("{text}{}{}{}", shell("daily", "true"), when("sweep", "tidy"), when("look", "asked"));
    let case = Case::new().plan_file(tasks);
    let mut ran = case.run("--now 2026-03-07T12:00:00Z run --due --dry-run").exit(0);
    let text = ran.take_stdout();
    assert!(text.contains("\ndaily#1: daily\n"), "{text}");
    assert!(!text.contains("sweep"), "{text}");
    assert!(
        text.contains("condition `asked`: program /") && text.contains("a dry run runs no command"),
        "{text}"
    );
    let case = case.file("litter", "");
    let mut ran = case.run("--now 2026-03-07T12:00:00Z run --due --dry-run").exit(0);
    let text = ran.take_stdout();
    assert!(text.contains("\nsweep: sweep\n  gate   verified  condition `tidy`: it fails: "), "{text}");
    assert!(!case.has("ran"));
}
