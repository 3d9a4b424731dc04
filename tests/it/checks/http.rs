//! `http` against a server of the test's own.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use mainstay::world::http::{Client, Request};

use super::answer;
use crate::support::Case;

/// A server on loopback, until the test ends: it answers by path.
pub fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
            let Some(Ok(first)) = lines.next() else { continue };
            let headers: Vec<String> =
                lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            // Whoever has read enough may hang up.
            let _ = stream.write_all(&reply(&path, &headers));
        }
    });
    address
}

fn reply(path: &str, headers: &[String]) -> Vec<u8> {
    let to = |place: &str| {
        format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n").into_bytes()
    };
    let body = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    match path {
        "/round" => to("/round"),
        "/moved" => to("/there"),
        "/there" => body(r#"{"status": "ok"}"#),
        "/large" => body(&"x".repeat((10 << 20) + 1)),
        "/who" => {
            let names = headers.iter().filter_map(|line| line.split_once(':'));
            let mut names: Vec<_> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
            names.retain(|name| {
                ["authorization", "cookie", "x-api-key", "accept-language"].contains(&&**name)
            });
            names.sort();
            body(&names.join(" "))
        }
        "/here" => to("/who"),
        "/ftp" => to("ftp://elsewhere/a"),
        away => match away.strip_prefix("/to/") {
            Some(host) => to(&format!("http://{host}/who")),
            None => b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf".to_vec(),
        },
    }
}

#[test]
fn the_header_fields_the_body_and_the_time_of_an_answer_are_as_expected() {
    let (case, server) = (Case::new(), server());
    let check = |more: &str| answer(&case, "", &format!("http: {{url: \"http://{server}/there\", {more}}}"));
    let all = "response_headers: {content-type: {has_prefix: application/json}, X-A: \"1, 2\"}, \
               body: {json: {$.status: ok}}, seconds: {lt: 9}";
    assert!(check(all).starts_with("verified: status 200, header "), "{}", check(all));
    assert!(check("response_headers: {x-b: 1}").starts_with("wrong: expected header x-b 1, found "));
    assert_eq!(check("status: 404"), "wrong: expected status 404, found 200");
}

#[test]
fn case_16_redirections_are_followed_told_and_limited() {
    let (case, server) = (Case::new(), server());
    let check = |path: &str, more: &str| {
        answer(&case, "", &format!("http: {{url: \"http://{server}{path}\"{more}}}"))
    };
    assert_eq!(check("/moved", ""), format!("verified: status (by way of http://{server}/there) 200"));
    assert!(
        check("/moved", ", redirects: 0, status: 302").starts_with("verified: status (by way of /there) 302")
    );
    let round = check("/round", "");
    let start = "wrong: expected an answer after at most 10 redirections, found one more: ";
    assert!(round.starts_with(start) && round.contains("/round -> "), "{round}");
}

/// A plan file may not hold some of these header fields, so the client is asked itself.
#[test]
fn case_16_what_says_who_asks_does_not_follow_to_another_host_or_port() {
    let (server, other) = (server(), server());
    let asked = |path: &str| {
        let url = format!("http://{server}{path}");
        let headers = ["Authorization", "Cookie", "X-Api-Key", "Accept-Language"];
        let headers = headers.map(|name| (name.to_owned(), "secret".to_owned())).into();
        let request = Request { headers, ..Request::new("GET", &url, Duration::from_secs(30)) };
        Client::new().send(&request).expect("an answer").body
    };
    let all = "accept-language authorization cookie x-api-key";
    assert_eq!(asked("/who"), all);
    assert_eq!(asked("/here"), all);
    assert_eq!(asked(&format!("/to/{server}")), all);
    assert_eq!(asked(&format!("/to/{other}")), "accept-language");
    assert_eq!(asked(&format!("/to/localhost:{}", server.port())), "accept-language");
}

#[test]
fn what_cannot_be_asked_after_a_redirection_is_told() {
    let (case, server) = (Case::new(), server());
    let said = answer(&case, "", &format!("http: {{url: \"http://{server}/ftp\"}}"));
    assert!(said.ends_with("it redirects to `ftp://elsewhere/a`: only http and https are asked"), "{said}");
}

#[test]
fn case_17_a_body_that_is_too_large_is_truncated_and_one_that_breaks_off_is_no_answer() {
    let (case, server) = (Case::new(), server());
    let check = |path: &str, more: &str| {
        answer(&case, "", &format!("http: {{url: \"http://{server}{path}\"{more}}}"))
    };
    let truncated = format!(
        "wrong: could not be found out: the body of http://{server}/large is truncated: it is larger than 10 MiB"
    );
    assert_eq!(check("/large", ", body: x"), truncated);
    assert!(check("/half", "").starts_with("wrong: could not be found out: "), "{}", check("/half", ""));
}
