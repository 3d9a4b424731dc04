use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use simple_dns::rdata::{A, AAAA, CAA, CNAME, MX, NS, NULL, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, CharacterString, Name, Packet, PacketFlag, RCODE, ResourceRecord};

use super::super::tests::check;
use super::*;

/// A DNS server on loopback that knows the names of these tests; it ends with the process.
fn server() -> SocketAddr {
    // TCP and UDP on one port: free for both, as far as the first try goes.
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
            break (udp, tcp);
        }
    };
    let address = udp.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1024];
        while let Ok((n_bytes, from)) = udp.recv_from(&mut buffer) {
            if let Some(answer) = answer(&buffer[..n_bytes], true) {
                udp.send_to(&answer, from).unwrap();
            }
        }
    });
    thread::spawn(move || {
        for stream in tcp.incoming() {
            let mut stream = stream.unwrap();
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question).unwrap();
            let answer = answer(&question, false).unwrap();
            stream.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    address
}

fn answer(question: &[u8], is_udp: bool) -> Option<Vec<u8>> {
    let place = dns::place_of_type(question).unwrap();
    let kind = u16::from_be_bytes([question[place], question[place + 1]]);
    // What the library has no word for it does not read.
    let mut question = question.to_vec();
    question[place..place + 2].copy_from_slice(&16_u16.to_be_bytes());
    let question = Packet::parse(&question).unwrap();
    let asked = &question.questions[0];
    let name = asked.qname.to_string();
    let mut reply = Packet::new_reply(question.id());
    reply.questions.push(asked.clone());
    let host = || Name::new("host.test").unwrap();
    let records: Vec<RData> = match (name.as_str(), kind) {
        ("silent.test", _) => return None,
        ("broken.test", _) | ("half.test", 28) => {
            *reply.rcode_mut() = RCODE::ServerFailure;
            Vec::new()
        }
        ("half.test" | "two.test" | "alias.test", 1) => {
            vec![RData::A(A { address: Ipv4Addr::new(192, 0, 2, 1).into() })]
        }
        ("two.test", 28) => vec![RData::AAAA(AAAA { address: 1 })],
        ("long.test", 1) if is_udp => {
            reply.set_flags(PacketFlag::TRUNCATION);
            Vec::new()
        }
        ("long.test", 1) => (0..200).map(|n| RData::A(A { address: n })).collect(),
        ("all.test", 5) => vec![RData::CNAME(CNAME(host()))],
        ("all.test", 15) => vec![RData::MX(MX { preference: 10, exchange: host() })],
        ("all.test", 2) => vec![RData::NS(NS(host()))],
        ("1.2.0.192.in-addr.arpa", 12) => vec![RData::PTR(PTR(host()))],
        ("all.test", 33) => vec![RData::SRV(SRV { priority: 0, weight: 5, port: 5269, target: host() })],
        ("all.test", 16) => vec![RData::TXT(TXT::new().with_string("v=spf1 -all").unwrap())],
        ("all.test", 257) => vec![RData::CAA(CAA {
            flag: 0,
            tag: CharacterString::new(b"issue").unwrap(),
            value: b"letsencrypt.org".into(),
        })],
        ("all.test", 44) => vec![RData::NULL(44, NULL::new(&[4, 2, 0xab, 0x01]).unwrap())],
        ("all.test" | "two.test" | "long.test", _) => vec![],
        _ => {
            *reply.rcode_mut() = RCODE::NameError;
            Vec::new()
        }
    };
    if name == "alias.test" {
        let alias = RData::CNAME(CNAME(host()));
        reply.answers.push(ResourceRecord::new(asked.qname.clone(), CLASS::IN, 60, alias));
    }
    let record = |data| ResourceRecord::new(asked.qname.clone(), CLASS::IN, 60, data);
    reply.answers.extend(records.into_iter().map(record));
    let mut bytes = reply.build_bytes_vec().unwrap();
    bytes[place..place + 2].copy_from_slice(&kind.to_be_bytes());
    Some(bytes)
}

fn answers(server: SocketAddr, text: &str) -> String {
    let yaml = format!("dns: {{server: \"{server}\", {text}}}");
    let timeout = if text.contains("silent") { Duration::from_millis(200) } else { Duration::from_secs(30) };
    ask(&check(&yaml).dns.unwrap(), timeout).in_words()
}

#[test]
fn every_type_of_record_is_shown_as_dig_shows_it() {
    let server = server();
    for (kind, expected) in [
        ("CNAME", "host.test."),
        ("MX", "10 host.test."),
        ("NS", "host.test."),
        ("SRV", "0 5 5269 host.test."),
        ("TXT", "v=spf1 -all"),
        ("CAA", "0 issue \"letsencrypt.org\""),
        ("SSHFP", "4 2 AB01"),
    ] {
        assert_eq!(
            answers(server, &format!("name: all.test, type: {kind}")),
            format!("all.test is {expected}")
        );
    }
    assert_eq!(answers(server, "name: 192.0.2.1, type: PTR"), "192.0.2.1 is host.test.");
    assert_eq!(answers(server, "name: alias.test., type: A"), "alias.test. is 192.0.2.1");
}

#[test]
fn case_19_no_such_name_no_such_record_no_answer_and_a_server_that_fails_are_four_answers() {
    let server = server();
    assert_eq!(
        answers(server, "name: none.test"),
        "expected none.test to resolve, found no such name (NXDOMAIN)"
    );
    assert_eq!(answers(server, "name: none.test, resolves: false"), "none.test: no such name (NXDOMAIN)");
    assert_eq!(
        answers(server, "name: all.test"),
        "expected all.test to resolve, found a name without a record of type A or AAAA"
    );
    assert_eq!(
        answers(server, "name: silent.test, type: A"),
        format!("could not be found out: A: {server} did not answer within 0.2s")
    );
    assert_eq!(
        answers(server, "name: broken.test, type: A, resolves: false"),
        format!("could not be found out: A: {server} gives no answer: SERVFAIL: it cannot find out")
    );
}

#[test]
fn case_19_both_kinds_of_addresses_are_asked_for_and_one_that_fails_is_not_left_out() {
    let server = server();
    assert_eq!(answers(server, "name: two.test"), "two.test is 192.0.2.1, ::1");
    assert_eq!(
        answers(server, "name: two.test, answers: {exactly: [\"::1\", 192.0.2.1]}"),
        "two.test is [192.0.2.1, ::1]"
    );
    assert!(answers(server, "name: two.test, answers: [192.0.2.9]").starts_with("expected two.test is "));
    assert!(answers(server, "name: half.test").ends_with("SERVFAIL: it cannot find out, A is 192.0.2.1"));
}

#[test]
fn what_is_too_long_for_udp_comes_by_tcp() {
    assert!(
        answers(server(), "name: long.test, type: A, answers: {len: 200}")
            .starts_with("long.test is [0.0.0.0, ")
    );
}

#[test]
fn a_port_where_nobody_listens_is_unknown() {
    let closed = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    assert!(
        answers(closed, "name: a.test")
            .starts_with(&format!("could not be found out: A: cannot reach {closed}: "))
    );
}

#[test]
fn without_a_server_the_machine_is_asked_as_programs_ask_it() {
    let localhost = check("dns: {name: localhost}").dns.unwrap();
    assert!(ask(&localhost, Duration::from_secs(30)).is_yes());
}
