//! `tcp`: a connection can be opened.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::Answer;
use crate::model::TcpCheck;

pub fn ask(check: &TcpCheck, timeout: Duration) -> Answer {
    let address = &check.address.value;
    let expected = || format!("a connection to {address}");
    let addresses = match address.to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Answer::unknown(format!("{address}: {error}")),
    };
    let deadline = Instant::now() + timeout;
    let (mut refused, mut no_way) = (None, None);
    for one in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&one, left) {
            Ok(_) => return Answer::Yes { found: format!("a connection to {one}") },
            // Nothing left this machine: that says nothing of the other side.
            Err(error) if matches!(error.kind(), ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown) => {
                no_way = Some(format!("{one}: {error}"));
            }
            Err(error) => refused = Some(format!("{one}: {error}")),
        }
    }
    match (refused, no_way) {
        (None, Some(why)) => Answer::unknown(why),
        (refused, _) => Answer::no(expected(), refused.unwrap_or_else(|| "no address".to_owned())),
    }
}
