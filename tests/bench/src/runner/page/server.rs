//! [`Server`]: a folder on loopback, and the outcome that its page posts.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

/// More than the page ever posts.
const OUTCOME_MAX: usize = 1 << 20;

/// Serves until the program ends.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    outcomes: Receiver<String>,
}

impl Server {
    /// Serves `folder` at any free port.
    pub(crate) fn start(folder: &Path) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("127.0.0.1: {error}"))?;
        let address = listener.local_addr().map_err(|error| format!("127.0.0.1: {error}"))?;
        let (sender, outcomes) = mpsc::channel();
        let folder = folder.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A browser opens connections that it does not use: each has a thread.
                let (folder, sender) = (folder.clone(), sender.clone());
                thread::spawn(move || serve(&folder, stream, &sender));
            }
        });
        Ok(Self { address, outcomes })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for what the page posts.
    pub(crate) fn outcome(&self, limit: Duration) -> Result<String, String> {
        self.outcomes.recv_timeout(limit).map_err(|_| format!("the page told nothing in {} s", limit.as_secs()))
    }
}

/// One request of HTTP/1.1: a file, or the outcome.
fn serve(folder: &Path, mut stream: TcpStream, outcomes: &Sender<String>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let mut words = head.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("POST"), Some("/outcome")) => {
            let mut body = vec![0; content_length(&head).min(OUTCOME_MAX)];
            reader.read_exact(&mut body)?;
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
            let _ = outcomes.send(String::from_utf8_lossy(&body).into_owned());
        }
        (Some("GET"), Some(path)) => match file(folder, path) {
            Some((kind, bytes)) => {
                // Isolated, a page has a clock of 5 µs; otherwise of 100 µs.
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\
                     cross-origin-opener-policy: same-origin\r\ncross-origin-embedder-policy: require-corp\r\n\r\n",
                    bytes.len()
                );
                stream.write_all(head.as_bytes())?;
                stream.write_all(&bytes)?;
            }
            None => stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")?,
        },
        _ => {}
    }
    Ok(())
}

fn content_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|text| text.trim().to_owned()));
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A file of the folder and its media type, if the path says one and does not climb.
fn file(folder: &Path, path: &str) -> Option<(&'static str, Vec<u8>)> {
    let path = path.split('?').next().filter(|path| !path.contains(".."))?;
    let file: PathBuf = folder.join(path.trim_start_matches('/'));
    let kind = match file.extension()?.to_str()? {
        "html" => "text/html",
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        _ => return None,
    };
    Some((kind, std::fs::read(file).ok()?))
}
