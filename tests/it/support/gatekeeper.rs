//! A Prometheus whose answer to every query is whether a file is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Answers with one sample as long as a file exists, and with none when it does not.
pub struct Gatekeeper {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Gatekeeper {
    /// Listens on a free loopback port.
    pub fn start(file: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let closed = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (closed, file) = (Arc::clone(&closed), file.to_owned());
            move || serve(&listener, &file, &closed)
        });
        Self { address, closed, thread: Some(thread) }
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Gatekeeper {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // The thread waits in `accept`: one more connection lets it look at `closed`.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, file: &Path, closed: &AtomicBool) {
    for connection in listener.incoming() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        // A request that breaks off is the client's to repeat.
        let _ = connection.ok().and_then(|connection| answer(connection, file.exists()));
    }
}

/// Reads one request to its end and answers it.
fn answer(connection: TcpStream, is_open: bool) -> Option<()> {
    connection.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let samples = if is_open { r#"{"metric":{},"value":[0,"1"]}"# } else { "" };
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{samples}]}}}}"#);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    reader.get_mut().write_all(format!("{head}{body}").as_bytes()).ok()
}
