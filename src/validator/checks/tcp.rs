//! `tcp`: a connection can be opened.

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
    let mut last = "no address".to_owned();
    for one in addresses {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&one, left) {
            Ok(_) => return Answer::Yes { found: format!("a connection to {one}") },
            Err(error) => last = format!("{one}: {error}"),
        }
    }
    Answer::no(expected(), last)
}
