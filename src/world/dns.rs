//! Questions to a DNS server, with a total deadline, by UDP and, when an answer is too long for it, by TCP.

use std::fmt::Write as _;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

use crate::model::RecordType;

/// What a server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// These records, as `dig +short` shows them; there may be none of the type.
    Records(Vec<String>),
    /// There is no such name.
    NoSuchName,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// Such a name cannot be asked for.
    #[error("`{0}` cannot be the name of anything in DNS")]
    NotAName(String),
    /// Nothing came in time.
    #[error("{server} did not answer within {}s", (timeout.as_secs_f32() * 10.0).round() / 10.0)]
    Timeout {
        /// Who was asked.
        server: SocketAddr,
        /// The time that it had.
        timeout: Duration,
    },
    /// It cannot be reached.
    #[error("cannot reach {server}")]
    Unreachable {
        /// Who was asked.
        server: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// It does not want to, or cannot, answer.
    #[error("{server} gives no answer: {why}")]
    Refused {
        /// Who was asked.
        server: SocketAddr,
        /// In the words of DNS: `SERVFAIL`.
        why: String,
    },
    /// What it says makes no sense.
    #[error("{server} answers what makes no sense: {why}")]
    NoSense {
        /// Who was asked.
        server: SocketAddr,
        /// What is wrong with it.
        why: String,
    },
    /// The machine is set up to ask nobody.
    #[error("/etc/resolv.conf names no server")]
    NoServer,
}

/// After this without an answer, a question by UDP is asked again: it may have been lost.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// The port of DNS.
const PORT: u16 = 53;

/// The servers that the machine is set up to ask.
///
/// # Errors
/// [`DnsError::NoServer`].
pub fn servers() -> Result<Vec<SocketAddr>, DnsError> {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let servers = of_resolv_conf(&text);
    if servers.is_empty() { Err(DnsError::NoServer) } else { Ok(servers) }
}

/// Source: resolv.conf(5).
fn of_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let named = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().filter(|word| *word == "nameserver").and(words.next())
    });
    named.filter_map(server).collect()
}

/// A server as it is written: `IP`, `IP:PORT` or `[IP]:PORT`.
pub fn server(written: &str) -> Option<SocketAddr> {
    let bare = written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(written);
    let of_ip = bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT));
    of_ip.or_else(|| written.parse().ok())
}

/// Asks `server` for the records of one type that `name` has.
///
/// # Errors
/// [`DnsError`].
pub fn ask(server: SocketAddr, name: &str, record: RecordType, timeout: Duration) -> Result<Reply, DnsError> {
    let deadline = Instant::now() + timeout;
    let question = question(name, record)?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => DnsError::Timeout { server, timeout },
        _ => DnsError::Unreachable { server, source },
    };
    let mut answer = by_udp(server, &question, deadline).map_err(failed)?;
    if answer[2] & TRUNCATED != 0 {
        answer = by_tcp(server, &question, deadline).map_err(failed)?;
    }
    if let Some(place) = place_of_type(&answer) {
        // The library refuses to read a question of a type that it has no word for, such as SSHFP; of the answer that
        // only repeats what was asked.
        answer[place..place + 2].copy_from_slice(&u16::from(TYPE::TXT).to_be_bytes());
    }
    reply(&parsed(&answer, server)?, record, server)
}

/// In the third byte of a message: the answer did not fit.
///
/// Source: RFC 1035, 4.1.1.
const TRUNCATED: u8 = 2;

/// Where the type of the first question of a message stands.
///
/// Source: RFC 1035, 4.1.2: after 12 bytes a name, as labels with their length, up to an empty one.
pub(crate) fn place_of_type(message: &[u8]) -> Option<usize> {
    let mut place = 12;
    loop {
        match usize::from(*message.get(place)?) {
            0 => break,
            length @ 1..64 => place += length + 1,
            _ => return None,
        }
    }
    (message.len() >= place + 3).then_some(place + 1)
}

fn parsed(answer: &[u8], server: SocketAddr) -> Result<Packet<'_>, DnsError> {
    Packet::parse(answer).map_err(|error| DnsError::NoSense { server, why: error.to_string() })
}

fn question(name: &str, record: RecordType) -> Result<Vec<u8>, DnsError> {
    let wrong = || DnsError::NotAName(name.to_owned());
    let text = match (record, name.parse::<IpAddr>()) {
        (RecordType::Ptr, Ok(ip)) => reversed(ip),
        _ => name.strip_suffix('.').unwrap_or(name).to_owned(),
    };
    let (_, number) = record.name_and_number();
    let kind = match TYPE::from(number) {
        // The library has no word for some types; what it does not know it takes by number.
        TYPE::Unknown(number) => QTYPE::TYPE(TYPE::Unknown(number)),
        known => QTYPE::TYPE(known),
    };
    let id = u16::try_from(RandomState::new().hash_one(name) & 0xffff).unwrap_or_default();
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(&text).map_err(|_| wrong())?;
    packet.questions.push(Question::new(name, kind, QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().map_err(|_| wrong())
}

/// The name of an address.
///
/// Source: RFC 1035, 3.5; RFC 3596, 2.5.
fn reversed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let nibbles =
                ip.octets().into_iter().rev().map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4));
            nibbles.collect::<String>() + "ip6.arpa"
        }
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn by_udp(server: SocketAddr, question: &[u8], deadline: Instant) -> io::Result<Vec<u8>> {
    let here: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((here, 0))?;
    // From now on the kernel takes nothing from anybody else.
    socket.connect(server)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        socket.send(question)?;
        let ask_again = Instant::now() + ASK_AGAIN;
        while let Ok(wait) = left(ask_again.min(deadline)) {
            socket.set_read_timeout(Some(wait))?;
            match socket.recv(&mut buffer) {
                Ok(n_bytes) if is_answer(question, &buffer[..n_bytes]) => {
                    return Ok(buffer[..n_bytes].to_vec());
                }
                // To a question of somebody else, or to an earlier one.
                Ok(_) => {}
                Err(error) if is_wait(&error) => break,
                Err(error) => return Err(error),
            }
        }
        left(deadline)?;
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// Whether it has the number of the question and says that it is an answer.
fn is_answer(question: &[u8], answer: &[u8]) -> bool {
    answer.len() >= 12 && answer[..2] == question[..2] && answer[2] & 0x80 != 0
}

/// Source: RFC 1035, 4.2.2: a length of two bytes before each message.
fn by_tcp(server: SocketAddr, question: &[u8], deadline: Instant) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
    let length = u16::try_from(question.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(&[&length.to_be_bytes()[..], question].concat())?;
    let mut read = |n_bytes: usize| {
        let mut buffer = vec![0; n_bytes];
        let mut n_read = 0;
        while n_read < n_bytes {
            stream.set_read_timeout(Some(left(deadline)?))?;
            match stream.read(&mut buffer[n_read..])? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                n => n_read += n,
            }
        }
        Ok(buffer)
    };
    let length = read(2)?;
    let answer = read(usize::from(u16::from_be_bytes([length[0], length[1]])))?;
    if is_answer(question, &answer) { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn reply(packet: &Packet, record: RecordType, server: SocketAddr) -> Result<Reply, DnsError> {
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Ok(Reply::NoSuchName),
        other => return Err(DnsError::Refused { server, why: in_words(other) }),
    }
    let (_, number) = record.name_and_number();
    let of_type = packet.answers.iter().filter(|answer| u16::from(answer.rdata.type_code()) == number);
    let records: Option<Vec<String>> = of_type.map(|answer| shown(&answer.rdata)).collect();
    let no_sense = || DnsError::NoSense { server, why: "a record that is not understood".to_owned() };
    let mut records = records.ok_or_else(no_sense)?;
    records.sort();
    Ok(Reply::Records(records))
}

/// Source: RFC 1035, 4.1.1; the names are those of `dig`.
fn in_words(code: RCODE) -> String {
    match code {
        RCODE::FormatError => "FORMERR: it does not understand the question".to_owned(),
        RCODE::ServerFailure => "SERVFAIL: it cannot find out".to_owned(),
        RCODE::NotImplemented => "NOTIMP: it cannot answer such questions".to_owned(),
        RCODE::Refused => "REFUSED: it does not answer us".to_owned(),
        other => format!("{other:?}"),
    }
}

/// A record as `dig +short` shows it.
fn shown(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(a) => Ipv4Addr::from(a.address).to_string(),
        RData::AAAA(aaaa) => Ipv6Addr::from(aaaa.address).to_string(),
        RData::CNAME(name) => format!("{}.", name.0),
        RData::NS(name) => format!("{}.", name.0),
        RData::PTR(name) => format!("{}.", name.0),
        RData::MX(mx) => format!("{} {}.", mx.preference, mx.exchange),
        RData::SRV(srv) => format!("{} {} {} {}.", srv.priority, srv.weight, srv.port, srv.target),
        RData::TXT(txt) => String::try_from(txt.clone()).unwrap_or_default(),
        RData::CAA(caa) => format!("{} {} \"{}\"", caa.flag, caa.tag, String::from_utf8_lossy(&caa.value)),
        RData::NULL(44, fingerprint) => {
            // Source: RFC 4255, 3.1: algorithm, type of fingerprint, fingerprint.
            let (head, digest) = fingerprint.get_data().split_at_checked(2)?;
            let start = format!("{} {} ", head[0], head[1]);
            digest.iter().fold(start, |mut text, byte| {
                let _ = write!(text, "{byte:02X}");
                text
            })
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_of_its_own() {
        assert_eq!(reversed("192.0.2.1".parse().unwrap()), "1.2.0.192.in-addr.arpa");
        let v6 = reversed("2001:db8::1".parse().unwrap());
        assert!(v6.starts_with("1.0.0.0.") && v6.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"), "{v6}");
    }

    #[test]
    fn a_server_is_an_address_with_or_without_a_port() {
        let shown = |written| server(written).map(|server| server.to_string());
        assert_eq!(shown("192.0.2.1").as_deref(), Some("192.0.2.1:53"));
        assert_eq!(shown("192.0.2.1:5353").as_deref(), Some("192.0.2.1:5353"));
        assert_eq!(shown("::1").as_deref(), Some("[::1]:53"));
        assert_eq!(shown("[::1]:54").as_deref(), Some("[::1]:54"));
        assert_eq!(shown("ns.example.org"), None);
        let servers = of_resolv_conf("# nameserver 1.1.1.1\nsearch x\nnameserver 192.0.2.1\nnameserver\n");
        assert_eq!(servers.len(), 1);
    }
}
