//! [`Client`]: what a browser does, and what none would.

use hamadryad::AnyNode;

use crate::frames::{Frame, frame, read_frame};
use crate::pipe::Pipe;
use crate::world::{HOST, World};

/// The example of RFC 6455, section 1.3.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// One connection.
pub(crate) struct Client<'world> {
    world: &'world World,
    pipe: Pipe,
    /// The request that serves it.
    pub(crate) node: AnyNode,
    /// What came in and was not looked at.
    buffer: Vec<u8>,
}

impl<'world> Client<'world> {
    pub(crate) fn new(world: &'world World, pipe: Pipe, node: AnyNode) -> Client<'world> {
        Client { world, pipe, node, buffer: Vec::new() }
    }

    /// Says something, and lets everything happen that takes no time.
    pub(crate) fn say(&self, bytes: &[u8]) {
        self.pipe.say(bytes);
        self.world.sim.settle();
    }

    /// What came in, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// What came in, read until nothing more comes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.world.sim.settle();
            match self.pipe.take() {
                bytes if bytes.is_empty() => return all,
                bytes => all.extend(bytes),
            }
        }
    }

    pub(crate) fn unread(&self) -> usize {
        self.pipe.unread()
    }

    /// Whether the server says no more.
    pub(crate) fn is_over(&self) -> bool {
        self.pipe.is_over()
    }

    pub(crate) fn leave(self) {
        self.pipe.leave();
        self.world.sim.settle();
    }

    /// Says a message, as text or in bytes.
    pub(crate) fn send(&self, opcode: u8, payload: &[u8]) {
        self.say(&frame(0x80 | opcode, payload));
    }

    /// The next frame, if it is there; nothing more is taken from the wire than was asked for.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        let bytes = self.bytes();
        self.buffer.extend(bytes);
        read_frame(&mut self.buffer)
    }

    /// The frames that are there.
    pub(crate) fn frames(&mut self) -> Vec<Frame> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

impl World {
    /// A WebSocket, open: `path` is `/dns?` or `/tree?` with what else there is, and then comes the token.
    pub(crate) fn socket(&self, path: &str) -> Client<'_> {
        self.socket_with_room(path, usize::MAX)
    }

    pub(crate) fn socket_with_room(&self, path: &str, room: usize) -> Client<'_> {
        let mut client = self.connect_with_room(room);
        client.say(handshake(&format!("{path}token={}", self.token)).as_bytes());
        let bytes = client.bytes();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head") + 4;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 ") && head.contains(&format!("Sec-WebSocket-Accept: {ACCEPT}\r\n")), "{head}");
        client.buffer = bytes[end..].to_vec();
        client
    }
}

/// A request for a WebSocket, as our own page makes it.
pub(crate) fn handshake(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}
