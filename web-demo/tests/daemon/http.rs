//! [`Site`] and [`Client`]: a page's side of a connection, over real TCP.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::frames::{Frame, frame, read_frame};
use crate::running::PATIENCE;

/// The example of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    /// What came in and was not looked at.
    buffer: Vec<u8>,
}

/// Where the page is served, and the token that lets it in.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Site {
    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client { stream, buffer: Vec::new() }
    }

    /// One request on a connection of its own, and the whole response.
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut client = self.connect();
        client.say(request.as_bytes());
        client.rest()
    }

    pub(crate) fn get(&self, target: &str) -> String {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address))
    }

    /// What our own page says to open a WebSocket.
    pub(crate) fn handshake(&self, path: &str) -> String {
        let and = if path.contains('?') { '&' } else { '?' };
        format!(
            "GET {path}{and}token={} HTTP/1.1\r\nHost: {http}\r\nOrigin: http://{http}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n",
            self.token,
            http = self.address
        )
    }

    /// A WebSocket, open.
    pub(crate) fn socket(&self, path: &str) -> Client {
        let mut client = self.connect();
        client.say(self.handshake(path).as_bytes());
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT), "{head}");
        client
    }
}

impl Client {
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.say(&frame(0x80 | opcode, payload));
    }

    /// All that comes until the daemon says no more.
    pub(crate) fn rest(mut self) -> String {
        self.stream.read_to_end(&mut self.buffer).unwrap();
        String::from_utf8_lossy(&self.buffer).into_owned()
    }

    /// Up to the empty line.
    pub(crate) fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                return String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
            }
            assert!(self.read_more(), "the end, after {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// The next frame; waits for it.
    pub(crate) fn next(&mut self) -> Frame {
        loop {
            if let Some(frame) = read_frame(&mut self.buffer) {
                return frame;
            }
            assert!(self.read_more(), "the end, after {:?}", self.buffer);
        }
    }

    /// Whether nothing came in so far.
    pub(crate) fn is_still(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let read = self.stream.read(&mut [0; 1]);
        self.stream.set_nonblocking(false).unwrap();
        self.buffer.is_empty() && read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Says no more, and waits for the daemon to say the same.
    pub(crate) fn finish(mut self) {
        let _ended_already = self.stream.shutdown(Shutdown::Write);
        while self.read_more() {}
    }

    fn read_more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let len = self.stream.read(&mut bytes).unwrap();
        self.buffer.extend(&bytes[..len]);
        len > 0
    }
}
