//! [`Pipe`]: one end of a stream of bytes, in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

/// One end. A clone is the same end.
#[derive(Clone)]
pub(crate) struct Pipe {
    incoming: Rc<RefCell<Way>>,
    outgoing: Rc<RefCell<Way>>,
}

/// One direction: what was written and not read yet.
#[derive(Default)]
struct Way {
    bytes: VecDeque<u8>,
    room: usize,
    closed: bool,
    wakers: Vec<Waker>,
}

impl Way {
    fn change<R>(way: &RefCell<Way>, change: impl FnOnce(&mut Way) -> R) -> R {
        let (result, wakers) = {
            let mut way = way.borrow_mut();
            (change(&mut way), std::mem::take(&mut way.wakers))
        };
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}

impl Pipe {
    /// Two ends. So many bytes may be written in the direction of the first that it has not read.
    pub(crate) fn pair(room: usize) -> (Pipe, Pipe) {
        let way = |room| Rc::new(RefCell::new(Way { room, ..Way::default() }));
        let (first, second) = (way(room), way(usize::MAX));
        (Pipe { incoming: first.clone(), outgoing: second.clone() }, Pipe { incoming: second, outgoing: first })
    }

    /// Says something at once, however much.
    pub(crate) fn say(&self, bytes: &[u8]) {
        Way::change(&self.outgoing, |way| way.bytes.extend(bytes));
    }

    /// What came in so far.
    pub(crate) fn take(&self) -> Vec<u8> {
        Way::change(&self.incoming, |way| way.bytes.drain(..).collect())
    }

    /// Of what was said, how much is not read yet.
    pub(crate) fn unread(&self) -> usize {
        self.outgoing.borrow().bytes.len()
    }

    /// Whether the other end says no more.
    pub(crate) fn is_over(&self) -> bool {
        self.incoming.borrow().closed
    }

    /// Goes away: says no more, and loses what comes in.
    pub(crate) fn leave(&self) {
        Way::change(&self.outgoing, |way| way.closed = true);
        Way::change(&self.incoming, |way| way.room = 0);
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.incoming.borrow().bytes.is_empty() {
            let mut way = self.incoming.borrow_mut();
            if way.closed {
                return Poll::Ready(Ok(0));
            }
            way.wakers.push(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Way::change(&self.incoming, |way| io::Read::read(&mut way.bytes, buffer)))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let free = {
            let mut way = self.outgoing.borrow_mut();
            if way.closed {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let free = way.room.saturating_sub(way.bytes.len());
            if free == 0 {
                way.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            free
        };
        let len = free.min(bytes.len());
        Way::change(&self.outgoing, |way| way.bytes.extend(&bytes[..len]));
        Poll::Ready(Ok(len))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Way::change(&self.outgoing, |way| way.closed = true);
        Poll::Ready(Ok(()))
    }
}
