//! Peers, files and commands that do not behave as they should, and what a check then answers.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Case, HungPeer, wait_until};

/// Asks these checks of `checks:`, and returns what each said.
fn ask(case: &Case, checks: &str, code: i32) -> Value {
    fs::write(case.path().join("maintenance.yaml"), format!("mainstay: 1\nchecks:\n{checks}"))
        .expect("a file");
    case.run("validate --live --format json").exit(code).json()
}

#[track_caller]
fn item<'v>(report: &'v Value, name: &str) -> (&'v str, &'v str) {
    let items = report["items"].as_array().expect("items");
    let name = format!("checks.{name}");
    let item =
        items.iter().find(|item| item["name"] == *name).unwrap_or_else(|| panic!("no {name}: {report:#}"));
    (item["outcome"].as_str().expect("text"), item["said"].as_str().expect("text"))
}

/// A server on loopback, until the test ends, that gives each connection to `serve` once its request has been read.
fn server(serve: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                serve(stream);
            });
        }
    });
    address
}

#[test]
fn case_15_a_peer_that_never_answers_drips_or_stops_in_the_middle_is_unknown_in_time_and_stops_no_other() {
    let hung = HungPeer::start();
    let drips = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        // A byte now and then keeps any timeout of a single read from being over.
        while stream.write_all(b"x").and_then(|()| stream.flush()).is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let stops = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf");
        let _ = stream.flush();
        // It holds the connection until whoever asked hangs up.
        let _ = stream.read(&mut [0; 1]);
    });
    let checks = format!(
        "  hung: {{http: {{url: \"{}\"}}, timeout: 2s}}
  drips: {{http: {{url: \"http://{drips}/\"}}, timeout: 2s}}
  stops: {{http: {{url: \"http://{stops}/\"}}, timeout: 2s}}
  well: {{command: {{run: [\"true\"]}}}}
",
        hung.url()
    );
    let began = Instant::now();
    let report = ask(&Case::new(), &checks, 3);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    for name in ["hung", "drips", "stops"] {
        let (outcome, said) = item(&report, name);
        assert_eq!(outcome, "unknown", "{name}: {said}");
        assert!(said.contains("did not answer within 2s"), "{name}: {said}");
    }
    assert_eq!(item(&report, "well").0, "yes");
}

#[test]
fn case_17_a_body_without_end_a_bomb_and_one_that_is_no_gzip_are_told_apart() {
    let endless = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let block = vec![b'x'; 1 << 16];
        while stream.write_all(&block).is_ok() {}
    });
    // 64 MiB of zeros in 64 KiB, as gzip makes them.
    let bomb = server(|mut stream| {
        let made =
            Command::new("sh").args(["-c", "head -c 67108864 /dev/zero | gzip -c"]).output().expect("gzip");
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            made.stdout.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&made.stdout));
    });
    let broken = server(|mut stream| {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip");
    });
    let charset = server(|mut stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\xffok"));
    });
    let check = |name: &str, at: SocketAddr, body: &str| {
        format!("  {name}: {{http: {{url: \"http://{at}/\", body: {body}}}, timeout: 20s}}\n")
    };
    let checks = [
        check("endless", endless, "{contains: y}"),
        check("bomb", bomb, "{contains: y}"),
        check("broken", broken, "{contains: y}"),
        check("charset", charset, "{contains: ok}"),
    ];
    let report = ask(&Case::new(), &checks.concat(), 3);
    for name in ["endless", "bomb"] {
        let (outcome, said) = item(&report, name);
        assert_eq!(outcome, "unknown", "{name}: {said}");
        assert!(said.contains("is truncated: it is larger than 10 MiB"), "{name}: {said}");
    }
    let (outcome, said) = item(&report, "broken");
    assert_eq!(outcome, "unknown", "{said}");
    assert!(said.contains("gzip"), "{said}");
    // What is no UTF-8 is replaced, and the rest is held against what is expected.
    assert_eq!(item(&report, "charset").0, "yes");
}

#[test]
fn case_22_what_is_there_instead_of_a_file_has_words_of_its_own_and_never_blocks() {
    let case = Case::new().file("plain", "content\n").file("folder/x", "");
    let at = |name: &str| case.path().join(name);
    assert!(Command::new("mkfifo").arg(at("fifo")).status().expect("coreutils").success());
    symlink("nowhere", at("broken")).expect("a link");
    symlink("loop", at("loop")).expect("a link");
    symlink("plain", at("line\nfeed")).expect("a link");
    symlink(OsStr::from_bytes(b"no-\xff-utf-8"), at("odd")).expect("a link");
    let check = |name: &str, file: &str| {
        format!("  {name}: {{file: {{path: {file:?}, contents: {{contains: content}}}}, timeout: 5s}}\n")
    };
    let checks = [
        check("plain", "plain"),
        check("folder", "folder"),
        check("fifo", "fifo"),
        check("device", "/dev/null"),
        check("broken", "broken"),
        check("loop", "loop"),
        check("feed", "line\nfeed"),
        check("odd", "odd"),
        check("absent", "absent"),
        check("below", "plain/below"),
    ];
    let began = Instant::now();
    let report = ask(&case, &checks.concat(), 1);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(item(&report, "plain").0, "yes");
    assert_eq!(item(&report, "feed").0, "yes", "a name with a line feed is a name");
    let said: Vec<_> = ["folder", "fifo", "device", "broken", "loop", "odd", "absent", "below"]
        .iter()
        .map(|name| {
            let (outcome, said) = item(&report, name);
            assert_ne!(outcome, "yes", "{name}: {said}");
            assert!(!said.contains('\n'), "{name}: {said:?}");
            said.to_owned()
        })
        .collect();
    for (n, one) in said.iter().enumerate() {
        assert!(said.iter().skip(n + 1).all(|other| other != one), "two say the same: {said:#?}");
    }
}

#[test]
fn case_23_a_command_that_leaves_children_ignores_term_and_floods_is_killed_as_a_whole_and_shown_harmless() {
    let case = Case::new();
    let marker = format!("mainstay-case-23-{}", std::process::id());
    let script = format!(
        "#!/bin/sh\ntrap '' TERM\nsh -c 'trap \"\" TERM; while :; do sleep 1; done' {marker} &\n\
         printf '\\033]0;owned\\007\\377\\n'\nhead -c 50000000 /dev/zero | tr '\\0' x\necho\nwhile :; do sleep 1; done\n"
    );
    let case = case.file("flood.sh", script);
    let check = "  flood: {command: {run: [sh, flood.sh], stdout: {contains: never}}, timeout: 3s}\n";
    let began = Instant::now();
    fs::write(case.path().join("maintenance.yaml"), format!("mainstay: 1\nchecks:\n{check}"))
        .expect("a file");
    let text = case.run("validate --live").exit(3).take_text();
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert!(text.len() < 20_000, "{} bytes", text.len());
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    assert!(text.contains("no end within 3s"), "{text}");
    let is_left = || {
        let processes = fs::read_dir("/proc").expect("proc").flatten();
        processes.into_iter().any(|process| {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            line.windows(marker.len()).any(|part| part == marker.as_bytes())
        })
    };
    wait_until("nothing of it is left", Duration::from_secs(30), || !is_left());
}
