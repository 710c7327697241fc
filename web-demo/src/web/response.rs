//! [`Response`]: what a client gets, and then the end of its connection.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;

use core::future::poll_fn;
use futures_io::AsyncWrite;

use super::refusal::{Refusal, reason};
use crate::let_others_run::let_others_run;

/// Bytes of a file that are held at once, and sent before everybody else has a turn.
const CHUNK: usize = 16 << 10;

/// An answer that is not the beginning of a WebSocket.
pub(super) struct Response {
    status: u16,
    header: Option<(&'static str, &'static str)>,
    media_type: &'static str,
    body: Body,
    /// The host that the client said, once it was found to be ours: scripts may connect there.
    host: Option<String>,
}

/// What is said.
pub(super) enum Body {
    Text(String),
    /// And its length when it was opened.
    File(File, u64),
}

impl Response {
    pub(super) fn new(media_type: &'static str, body: Body, host: &str) -> Response {
        Response { status: 200, header: None, media_type, body, host: Some(host.to_owned()) }
    }

    fn head(&self) -> String {
        let len = match &self.body {
            Body::Text(text) => text.len() as u64,
            Body::File(_, len) => *len,
        };
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let mut field = |name: &str, value: &str| {
            let _a_string_grows = write!(head, "{name}: {value}\r\n");
        };
        field("Content-Type", self.media_type);
        field("Content-Length", &len.to_string());
        field("Connection", "close");
        // A page that was built anew must be what is shown.
        field("Cache-Control", "no-store");
        field("Content-Security-Policy", &security_policy(self.host.as_deref()));
        field("Cross-Origin-Opener-Policy", "same-origin");
        field("Cross-Origin-Resource-Policy", "same-origin");
        // The address of the page has the token in it.
        field("Referrer-Policy", "no-referrer");
        field("X-Content-Type-Options", "nosniff");
        if let Some((name, value)) = self.header {
            field(name, value);
        }
        head.push_str("\r\n");
        head
    }

    /// Sends it, of a HEAD request only the head.
    pub(super) async fn send<S: AsyncWrite + Unpin>(self, stream: &mut S, only_head: bool) -> io::Result<()> {
        let head = self.head();
        match self.body {
            Body::Text(text) => write_all(stream, (head + if only_head { "" } else { &text }).as_bytes()).await,
            Body::File(file, len) => {
                write_all(stream, head.as_bytes()).await?;
                if only_head { Ok(()) } else { send_file(stream, file, len).await }
            }
        }
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Response {
        let body = Body::Text(format!("{refusal}\n"));
        Response { status: refusal.status, header: refusal.header, media_type: "text/plain; charset=utf-8", body, host: None }
    }
}

/// Everything from us, nothing from elsewhere; the page's own WebAssembly; WebSockets to where the page came from, for browsers whose
/// 'self' does not mean them.
fn security_policy(host: Option<&str>) -> String {
    let sockets = host.map(|host| format!(" ws://{host}")).unwrap_or_default();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

/// The file as it was when it was opened: what it has grown since is left out, and if it has shrunk the connection ends too early, which
/// the client can tell from the length.
async fn send_file<S: AsyncWrite + Unpin>(stream: &mut S, file: File, len: u64) -> io::Result<()> {
    let mut file = file.take(len);
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            read => write_all(stream, &chunk[..read]).await?,
        }
        let_others_run().await;
    }
}

pub(super) async fn write_all<S: AsyncWrite + Unpin>(stream: &mut S, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match poll_fn(|context| Pin::new(&mut *stream).poll_write(context, bytes)).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    Ok(())
}
