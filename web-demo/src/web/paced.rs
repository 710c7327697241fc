//! [`Paced`]: a stream of which one client cannot have the whole turn.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use futures_io::{AsyncRead, AsyncWrite};

/// Bytes that are read before everybody else has a turn.
const SLICE: usize = 4 << 10;

/// A stream that, after [`SLICE`] bytes, says once that there is nothing, and wakes its reader for the next turn.
///
/// Whoever sends faster than we read would otherwise keep a reader busy for ever that looks for the end of a message: a WebSocket's may
/// have any number of empty parts.
pub(super) struct Paced<S> {
    stream: S,
    read: usize,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S) -> Paced<S> {
        Paced { stream, read: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.read >= SLICE {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let len = buffer.len().min(SLICE - self.read);
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer[..len]));
        self.read += result.as_ref().map_or(0, |len| *len);
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}
