//! [`Head`]: what a client asks for.

use std::io;
use std::pin::Pin;

use core::future::poll_fn;
use futures_io::AsyncRead;
use httparse::{EMPTY_HEADER, Header, Request, Status};

use super::percent::decode;
use super::refusal::Refusal;

/// Header fields in a request; a browser sends about 15.
const FIELDS_MAX: usize = 64;

/// The head of a request, as far as we care.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    /// Decoded, with a slash at its beginning.
    pub(super) path: String,
    /// As it came, without the question mark.
    query: String,
    pub(super) is_http_1_1: bool,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    /// The protocols to change to and the options of the connection, in lower case, parted by commas.
    pub(super) upgrade: String,
    pub(super) connection: String,
    pub(super) websocket_key: Option<String>,
    pub(super) websocket_version: Option<String>,
    /// A body follows.
    pub(super) has_body: bool,
}

/// Why there is no head.
#[derive(Debug)]
pub(super) enum HeadError {
    /// The client went away, or never said anything.
    Gone,
    /// What it said is nothing we take.
    Refused(Refusal),
}

impl From<Refusal> for HeadError {
    fn from(refusal: Refusal) -> HeadError {
        HeadError::Refused(refusal)
    }
}

impl Head {
    /// Reads a head of at most `bytes_max`, and what else came with its last bytes.
    pub(super) async fn read<S: AsyncRead + Unpin>(stream: &mut S, bytes_max: usize) -> Result<(Head, Vec<u8>), HeadError> {
        let mut buffer = vec![0; bytes_max];
        let mut filled = 0;
        loop {
            let len = read_some(stream, &mut buffer[filled..]).await.map_err(|_| HeadError::Gone)?;
            if len == 0 {
                return Err(HeadError::Gone);
            }
            let is_first = filled == 0;
            let seen = filled.saturating_sub(3);
            filled += len;
            // Garbage is told by its first bytes. After them a look is only worth it where a head can end, or a client that sends single
            // bytes would have us read everything again for each.
            if (is_first || can_end(&buffer[seen..filled]))
                && let Some((head, len)) = Head::parse(&buffer[..filled])?
            {
                return Ok((head, buffer[len..filled].to_vec()));
            }
            if filled == bytes_max {
                return Err(Refusal::new(431, format!("the head of a request may have {bytes_max} bytes")).into());
            }
        }
    }

    /// A head and its length, or `None` if it is not all there.
    fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>, Refusal> {
        let mut fields = [EMPTY_HEADER; FIELDS_MAX];
        let mut request = Request::new(&mut fields);
        let len = match request.parse(bytes) {
            Ok(Status::Complete(len)) => len,
            Ok(Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Refusal::new(431, format!("a request may have {FIELDS_MAX} header fields")));
            }
            Err(httparse::Error::Version) => return Err(Refusal::new(505, "HTTP/1.1 is spoken here")),
            Err(error) => return Err(Refusal::new(400, format!("that is no HTTP: {error}"))),
        };
        let mut head = Head { is_http_1_1: request.version == Some(1), ..Head::default() };
        request.method.unwrap_or_default().clone_into(&mut head.method);
        head.set_target(request.path.unwrap_or_default())?;
        request.headers.iter().try_for_each(|field| head.take_field(field))?;
        Ok(Some((head, len)))
    }

    /// A path, or a whole address, of which the host then counts (RFC 9112, section 3.2).
    fn set_target(&mut self, target: &str) -> Result<(), Refusal> {
        let target = match target.strip_prefix("http://") {
            Some(address) => {
                let begin = address.find('/').unwrap_or(address.len());
                self.host = Some(address[..begin].to_owned());
                &address[begin..]
            }
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        self.path = decode(path).filter(|path| path.starts_with('/')).ok_or_else(|| Refusal::new(400, "the path cannot be read"))?;
        query.clone_into(&mut self.query);
        Ok(())
    }

    fn take_field(&mut self, field: &Header<'_>) -> Result<(), Refusal> {
        let name = field.name.to_ascii_lowercase();
        let text = || core::str::from_utf8(field.value).map(str::to_owned).map_err(|_| Refusal::new(400, format!("{name} is no text")));
        match name.as_str() {
            // The address of the target went before, and is not to differ.
            "host" => once(&mut self.host, text()?, &name)?,
            "origin" => once(&mut self.origin, text()?, &name)?,
            "sec-websocket-key" => once(&mut self.websocket_key, text()?, &name)?,
            "sec-websocket-version" => once(&mut self.websocket_version, text()?, &name)?,
            "upgrade" => add(&mut self.upgrade, &text()?),
            "connection" => add(&mut self.connection, &text()?),
            "transfer-encoding" => self.has_body = true,
            "content-length" => self.has_body |= field.value != b"0",
            _ => {}
        }
        Ok(())
    }

    /// The value of a parameter in the query, decoded; of the first if there are several.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let parts = self.query.split('&').filter_map(|part| part.split_once('='));
        parts.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next()?
    }

    /// The path for people: printable, and not long.
    pub(super) fn shown_path(&self) -> String {
        let mut shown: String = self.path.chars().take(60).flat_map(char::escape_default).collect();
        if self.path.chars().nth(60).is_some() {
            shown.push('…');
        }
        shown
    }
}

/// The same twice is harmless, two different ones are somebody's trick.
fn once(place: &mut Option<String>, value: String, name: &str) -> Result<(), Refusal> {
    match place.replace(value) {
        Some(before) if place.as_ref() != Some(&before) => Err(Refusal::new(400, format!("{name} is said twice, and not the same"))),
        _ => Ok(()),
    }
}

fn add(list: &mut String, value: &str) {
    list.push_str(&value.to_ascii_lowercase());
    list.push(',');
}

fn can_end(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| window == b"\n\r\n") || bytes.windows(2).any(|window| window == b"\n\n")
}

/// Up to a buffer full; 0 at the end.
pub(super) async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|context| Pin::new(&mut *stream).poll_read(context, buffer)).await
}
