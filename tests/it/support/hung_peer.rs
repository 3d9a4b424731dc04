//! A peer that takes a connection and stays silent.

use std::net::{SocketAddr, TcpListener};

/// Takes connections and requests, and never answers: only a deadline of the client's own ends the wait.
///
/// Nobody calls `accept`: the kernel completes the handshake and keeps the request for whoever might, which
/// looks from outside like a server that hangs.
pub struct HungPeer {
    address: SocketAddr,
    _listener: TcpListener,
}

impl HungPeer {
    /// Listens on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = listener.local_addr().expect("a bound socket has an address");
        Self { address, _listener: listener }
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
