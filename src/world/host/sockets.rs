//! The sockets that listen.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Unreadable;
use crate::model::{PortSpec, Protocol};
use crate::world::kernel_file;

/// A socket that takes connections or datagrams from anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Socket {
    /// Whether it takes connections: TCP.
    pub is_tcp: bool,
    /// Where it listens.
    pub ip: IpAddr,
    /// On which port.
    pub port: u16,
    /// By this number its process has it.
    pub inode: u64,
}

impl Socket {
    /// Whether it is what a plan file means by `port`.
    pub fn is(&self, port: PortSpec) -> bool {
        let (is_tcp, only_v6) = match port.protocol {
            Protocol::Tcp => (true, false),
            Protocol::Tcp6 => (true, true),
            Protocol::Udp => (false, false),
            Protocol::Udp6 => (false, true),
        };
        self.port == port.number && self.is_tcp == is_tcp && (self.ip.is_ipv6() || !only_v6)
    }
}

/// The tables of this network namespace.
const TABLES: [(&str, bool); 4] =
    [("/proc/net/tcp", true), ("/proc/net/tcp6", true), ("/proc/net/udp", false), ("/proc/net/udp6", false)];

/// Reads all tables.
pub(super) fn listening() -> Result<Vec<Socket>, Unreadable> {
    let mut found = Vec::new();
    for (path, is_tcp) in TABLES {
        match kernel_file::read(path) {
            Ok(table) => {
                found.extend(table.split(|byte| *byte == b'\n').filter_map(|line| parse(line, is_tcp)));
            }
            // A kernel without IPv6.
            Err(error) if error.kind() == ErrorKind::NotFound && path.ends_with('6') => {}
            Err(error) => return Err(Unreadable::file(path, &error)),
        }
    }
    Ok(found)
}

/// A line of a table, if its socket listens.
///
/// Source: proc_pid_net(5): number, local address, remote address, state (0A listens; a UDP socket that is not
/// connected is 07), ..., inode as field 10. An address is in words of 32 bits of the machine's byte order.
fn parse(line: &[u8], is_tcp: bool) -> Option<Socket> {
    let mut fields = line.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    let local = fields.nth(1)?;
    let state = fields.nth(1)?;
    if state != if is_tcp { b"0A" } else { b"07" } {
        return None;
    }
    let local = std::str::from_utf8(local).ok()?;
    let (address, port) = local.split_once(':')?;
    let inode = std::str::from_utf8(fields.nth(5)?).ok()?.parse().ok()?;
    Some(Socket { is_tcp, ip: ip(address)?, port: u16::from_str_radix(port, 16).ok()?, inode })
}

fn ip(words: &str) -> Option<IpAddr> {
    let word = |start: usize| {
        let word = u32::from_str_radix(words.get(start..start + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    match words.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let bytes = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    fn finds(port: &str) -> bool {
        let port: PortSpec = port.parse().unwrap();
        listening().unwrap().iter().any(|socket| socket.is(port))
    }

    #[test]
    fn what_listens_is_found_by_protocol_and_port_while_it_does() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (on_tcp, on_udp) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
        assert!(finds(&on_tcp.to_string()) && finds(&format!("udp:{on_udp}")));
        assert!(!finds(&format!("tcp6:{on_tcp}")) && !finds(&format!("udp6:{on_udp}")));
        drop((tcp, udp));
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_of_the_kernel_are_understood() {
        let tcp = b"   0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41 1 0";
        let socket = parse(tcp, true).unwrap();
        assert_eq!((socket.ip.to_string().as_str(), socket.port, socket.inode), ("127.0.0.1", 9090, 41));
        let v6 = b"  1: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0";
        assert_eq!(parse(v6, false).unwrap().ip.to_string(), "::1");
        let connected =
            b"   0: 0100007F:2382 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 41 1 0";
        assert_eq!(parse(connected, true), None);
        assert_eq!(parse(b"  sl  local_address rem_address   st tx_queue", true), None);
    }
}
