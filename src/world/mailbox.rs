//! A webhook that is open for as long as somebody waits for what comes in: the end of the alert path.
//!
//! 1. It takes what its owner waits for and nothing else: to any other message it answers 503, so that the sender tries
//!    again elsewhere or later, and nothing that was meant for people is lost here.
//! 2. A head, a body, a silence and a number of messages are bounded.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The most bytes of a request's head, and of its body.
const MOST_HEAD: u64 = 64 << 10;
const MOST_BODY: u64 = 16 << 20;
/// The most messages that are kept.
const MOST_MESSAGES: usize = 1000;
/// A sender that says nothing for so long is hung up on.
const SILENCE: Duration = Duration::from_secs(10);

/// A message, and when it came.
#[derive(Debug, Clone)]
pub struct Message {
    /// When.
    pub at: Instant,
    /// What.
    pub body: Value,
}

/// An open webhook; it is closed when it is dropped.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    inside: Arc<Inside>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Inside {
    messages: Mutex<Vec<Message>>,
    is_closed: AtomicBool,
    /// The text that a message has to hold.
    wanted: String,
}

impl Mailbox {
    /// Listens on `address` (`HOST:PORT`) for JSON messages that hold the text `wanted`.
    ///
    /// # Errors
    /// When nobody can listen there.
    pub fn open(address: &str, wanted: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let inside = Arc::new(Inside {
            messages: Mutex::default(),
            is_closed: AtomicBool::new(false),
            wanted: wanted.to_owned(),
        });
        let thread = thread::Builder::new().name("mailbox".to_owned()).spawn({
            let inside = Arc::clone(&inside);
            move || inside.serve(&listener)
        })?;
        Ok(Self { address, inside, thread: Some(thread) })
    }

    /// The messages so far, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.inside.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.inside.is_closed.store(true, Ordering::SeqCst);
        // The thread waits in `accept`: one more connection lets it look.
        let mut knock = self.address;
        if knock.ip().is_unspecified() {
            knock.set_ip(if knock.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                [0, 0, 0, 0, 0, 0, 0, 1].into()
            });
        }
        let knocked = TcpStream::connect_timeout(&knock, Duration::from_secs(1)).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| knocked) {
            let _ = thread.join();
        }
    }
}

impl Inside {
    fn serve(self: &Arc<Self>, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.is_closed.load(Ordering::SeqCst) {
                return;
            }
            let Ok(connection) = connection else { continue };
            let inside = Arc::clone(self);
            // A thread each: a sender that hangs keeps no other away. Without a thread it comes again.
            let _ = thread::Builder::new().spawn(move || inside.receive(&connection));
        }
    }

    fn receive(&self, connection: &TcpStream) {
        let _ = connection.set_read_timeout(Some(SILENCE));
        let _ = connection.set_write_timeout(Some(SILENCE));
        let status = match body_of(connection) {
            Ok(body) => self.keep(&body),
            Err(status) => status,
        };
        let mut connection = connection;
        // A sender that is gone comes again.
        let _ = write!(connection, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }

    fn keep(&self, body: &[u8]) -> &'static str {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return "400 Bad Request" };
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if !body.to_string().contains(&self.wanted) || MOST_MESSAGES <= messages.len() {
            return "503 Service Unavailable";
        }
        messages.push(Message { at: Instant::now(), body });
        "200 OK"
    }
}

/// The body of a POST, or the status that is answered instead.
fn body_of(connection: &TcpStream) -> Result<Vec<u8>, &'static str> {
    const BAD: &str = "400 Bad Request";
    let mut reader = BufReader::new(connection);
    let mut length = None;
    let mut head = (&mut reader).take(MOST_HEAD);
    for number in 0.. {
        let mut line = String::new();
        if head.read_line(&mut line).map_err(|_| BAD)? == 0 {
            return Err(BAD);
        }
        let line = line.trim_end().to_ascii_lowercase();
        match line.strip_prefix("content-length:") {
            _ if number == 0 && !line.starts_with("post ") => return Err("405 Method Not Allowed"),
            _ if line.is_empty() => break,
            Some(value) => length = value.trim().parse::<u64>().ok(),
            None => {}
        }
    }
    let length = length.ok_or("411 Length Required")?;
    if MOST_BODY < length {
        return Err("413 Content Too Large");
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body).map_err(|_| BAD)?;
    if body.len() as u64 == length { Ok(body) } else { Err(BAD) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(mailbox: &Mailbox, request: &str) -> String {
        let mut connection = TcpStream::connect(mailbox.address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    fn post(body: &str) -> String {
        format!("POST /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_is_waited_for_is_kept_and_all_else_is_sent_away() {
        let mailbox = Mailbox::open("127.0.0.1:0", "ours-1").unwrap();
        for (request, expected) in [
            (post(r#"{"alerts": ["ours-1"]}"#), "HTTP/1.1 200 OK"),
            (post(r#"{"alerts": ["theirs"]}"#), "HTTP/1.1 503 Service Unavailable"),
            (post("no JSON"), "HTTP/1.1 400 Bad Request"),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 405 Method Not Allowed"),
            ("POST / HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 411 Length Required"),
            (
                "POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n".to_owned(),
                "HTTP/1.1 413 Content Too Large",
            ),
        ] {
            assert_eq!(said(&mailbox, &request), expected, "{request}");
        }
        let bodies: Vec<_> = mailbox.messages().into_iter().map(|message| message.body).collect();
        assert_eq!(bodies, [serde_json::json!({"alerts": ["ours-1"]})]);
    }

    #[test]
    fn a_closed_one_leaves_its_port_free() {
        let mailbox = Mailbox::open("127.0.0.1:0", "x").unwrap();
        let address = mailbox.address.to_string();
        assert!(Mailbox::open(&address, "x").is_err());
        drop(mailbox);
        assert!(Mailbox::open(&address, "x").is_ok());
    }
}
