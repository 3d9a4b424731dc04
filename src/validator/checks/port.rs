//! `port`: something of this host listens there.

use std::collections::BTreeSet;

use super::Answer;
use super::attributes::Attributes;
use crate::model::PortCheck;
use crate::world::host::Host;

pub fn ask(check: &PortCheck, host: &Host) -> Answer {
    let port = check.port.value;
    let sockets: Vec<_> = match host.listening() {
        Ok(sockets) => sockets.iter().filter(|socket| socket.is(port)).collect(),
        Err(error) => return Answer::unknown(error.to_string()),
    };
    let ips: BTreeSet<_> = sockets.iter().map(|socket| socket.ip).collect();
    let ips: Vec<_> = ips.iter().map(ToString::to_string).collect();
    let listening = || format!("{port} listening on {}", ips.join(", "));
    match (sockets.is_empty(), check.listening.unwrap_or(true)) {
        (true, false) => return Answer::Yes { found: format!("nothing listens on {port}") },
        (true, true) => {
            return Answer::no(format!("{port} listening"), "nothing that does");
        }
        (false, false) => {
            return Answer::no(format!("nothing listening on {port}"), listening());
        }
        (false, true) => {}
    }
    let mut found = Attributes::of(listening());
    found.hold_known(check.ip.as_ref(), "address", || Ok(ips.clone()));
    let inodes: Vec<_> = sockets.iter().map(|socket| socket.inode).collect();
    found.hold_known(check.process.as_ref(), "process", || host.holders(&inodes));
    found.answer()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        let port = check(&format!("port: {{{text}}}")).port.unwrap().value;
        ask(&port, &Host::default()).in_words()
    }

    #[test]
    fn a_port_listens_on_an_address_for_a_program() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let me = std::fs::read_to_string("/proc/self/comm").unwrap();
        let me = me.trim_end();
        assert_eq!(
            answer(&format!("port: {port}, ip: 127.0.0.1, process: {me:?}")),
            format!("tcp:{port} listening on 127.0.0.1, address [127.0.0.1], process [{me}]")
        );
        assert_eq!(
            answer(&format!("port: tcp:{port}, ip: \"::\", process: other")),
            format!("expected address :: and process other, found [127.0.0.1] and [{me}]")
        );
        assert_eq!(
            answer(&format!("port: {port}, listening: false")),
            format!("expected nothing listening on tcp:{port}, found tcp:{port} listening on 127.0.0.1")
        );
        drop(listener);
        assert_eq!(
            answer(&format!("port: {port}")),
            format!("expected tcp:{port} listening, found nothing that does")
        );
        assert_eq!(
            answer(&format!("port: {port}, listening: false")),
            format!("nothing listens on tcp:{port}")
        );
    }
}
