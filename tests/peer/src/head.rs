//! [`Head`]: what a client asks for.

use async_tungstenite::tungstenite::handshake::derive_accept_key;
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad_native::net::TcpStream;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;

const HEAD_LEN_MAX: usize = 16_384;

/// The head of a request to upgrade (RFC 6455, section 4.2.1). Tests trust each other: nothing is checked.
pub(crate) struct Head {
    text: String,
}

impl Head {
    /// Reads a head; a client sends nothing behind it before it is answered.
    pub(crate) async fn read(mut stream: TcpStream) -> io::Result<Head> {
        let (mut head, mut part) = (Vec::new(), [0; 1_024]);
        while !head.ends_with(b"\r\n\r\n") {
            let len = poll_fn(|context| Pin::new(&mut stream).poll_read(context, &mut part)).await?;
            if len == 0 || head.len() > HEAD_LEN_MAX {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend_from_slice(&part[..len]);
        }
        Ok(Head { text: String::from_utf8_lossy(&head).into_owned() })
    }

    /// Path and query.
    pub(crate) fn target(&self) -> (&str, &str) {
        let target = self.text.split(' ').nth(1).unwrap_or_default();
        target.split_once('?').unwrap_or((target, ""))
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The sub-protocol that the client likes least.
    fn last_protocol(&self) -> Option<&str> {
        self.field("sec-websocket-protocol")?.rsplit(',').next().map(str::trim)
    }

    /// Agrees to speak WebSocket.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<()> {
        let key = derive_accept_key(self.field("sec-websocket-key").unwrap_or_default().as_bytes());
        let protocol = self.last_protocol().map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        write(stream, &format!("{upgrade}Sec-WebSocket-Accept: {key}\r\n{protocol}\r\n")).await
    }

    /// Refuses.
    pub(crate) async fn refuse(stream: TcpStream) -> io::Result<()> {
        write(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await
    }
}

async fn write(mut stream: TcpStream, text: &str) -> io::Result<()> {
    let mut left = text.as_bytes();
    while !left.is_empty() {
        let len = poll_fn(|context| Pin::new(&mut stream).poll_write(context, left)).await?;
        left = &left[len..];
    }
    Ok(())
}
