//! An exporter whose page the test writes, and may change while it is scraped.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

/// Serves the file that it was started for, as it is at each scrape; a file that is not there is an error 500.
pub struct Exporter {
    address: SocketAddr,
    page: PathBuf,
}

impl Exporter {
    /// Serves `page`, which the steps of a run may write as well.
    pub fn start(page: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let page = page.to_owned();
        let served = page.clone();
        // It ends with the test process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &served);
            }
        });
        Self { address, page }
    }

    /// Where it answers: `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Writes the page anew.
    pub fn write(&self, text: &str) {
        let new = self.page.with_extension("new");
        std::fs::write(&new, text).expect("a file");
        std::fs::rename(&new, &self.page).expect("a file");
    }
}

fn answer(mut stream: TcpStream, page: &Path) {
    let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let (status, body) = match std::fs::read_to_string(page) {
        Ok(text) => ("200 OK", text),
        Err(_) => ("500 Internal Server Error", String::new()),
    };
    let head = "content-type: text/plain; version=0.0.4\r\nconnection: close";
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
}
