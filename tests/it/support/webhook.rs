//! The receiver at the end of the alert path: keeps what Alertmanager sends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// A webhook receiver in a thread of the test.
pub struct Webhook {
    address: SocketAddr,
    inbox: Arc<Mutex<Vec<Value>>>,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Listens on a free loopback port and answers 200 to every request.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let inbox = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (inbox, closed) = (Arc::clone(&inbox), Arc::clone(&closed));
            move || serve(&listener, &inbox, &closed)
        });
        Self { address, inbox, closed, thread: Some(thread) }
    }

    /// Where Alertmanager sends its notifications.
    pub fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    /// The bodies received so far, oldest first.
    pub fn bodies(&self) -> Vec<Value> {
        self.inbox.lock().expect("no thread panicked with the inbox").clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // The thread waits in `accept`: one more connection lets it look at `closed`.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, inbox: &Mutex<Vec<Value>>, closed: &AtomicBool) {
    for connection in listener.incoming() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        // A request that breaks off is Alertmanager's to repeat.
        if let Some(body) = connection.ok().and_then(receive) {
            inbox.lock().expect("no thread panicked with the inbox").push(body);
        }
    }
}

/// Reads one request with a JSON body and answers it.
fn receive(connection: TcpStream) -> Option<Value> {
    connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut reader = BufReader::new(connection);
    let mut body = vec![0; content_length(&mut reader)?];
    reader.read_exact(&mut body).ok()?;
    let body = serde_json::from_slice(&body).ok()?;
    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    Some(body)
}

/// Reads the head of a request, up to the empty line, and finds how long its body is.
fn content_length(reader: &mut impl BufRead) -> Option<usize> {
    let mut length = None;
    for line in reader.lines() {
        let line = line.ok()?.to_ascii_lowercase();
        if line.is_empty() {
            return length;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
    None
}
