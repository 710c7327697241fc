//! The engine of every host's `block_on`: a request under the root whose future stays in the caller's frame.
#![expect(unsafe_code, reason = "a future of the caller's frame is a request of the tree for the length of one call")]

use crate::ended::Ended;
use crate::failure::Failure;
use crate::node::AnyNode;
use crate::tree::Tree;
use crate::turn::WhoseCode;
use alloc::string::{String, ToString};
use core::fmt;
use core::future::Future;
use core::panic::Location;
use core::pin::{Pin, pin};
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};

/// Why [`Tree::drive`] ended without the future's output.
#[derive(Debug)]
#[non_exhaustive]
pub enum DriveError<E> {
    /// Entered from within code of the same tree.
    Nested {
        /// Whose code runs: its path.
        running: String,
    },
    /// The root ended first.
    RootGone {
        /// What nobody contained, if that was why.
        failure: Option<Failure>,
        /// Where the root was freed.
        freed_at: Option<&'static Location<'static>>,
    },
    /// The future's own request was ended: a free, a panic.
    Ended(Ended),
    /// `step` failed.
    Step(E),
}

impl<E: fmt::Display> fmt::Display for DriveError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DriveError::Nested { running } => write!(f, "the loop was entered from within: {running} runs"),
            DriveError::RootGone { failure: Some(failure), .. } => write!(f, "the root ended by a failure: {failure}"),
            DriveError::RootGone { freed_at: Some(place), .. } => write!(f, "the root ended: it was freed at {place}"),
            DriveError::RootGone { .. } => f.write_str("the root ended"),
            DriveError::Ended(ended) => ended.fmt(f),
            DriveError::Step(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for DriveError<E> {}

type Poller<'f> = dyn FnMut(&mut Context<'_>) -> Poll<()> + 'f;

/// Polls what lies in the caller's frame.
struct Erased(NonNull<Poller<'static>>);

impl Future for Erased {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: `drive` keeps the poller where it is until the request that owns this has ended: it is never polled after that.
        (unsafe { self.0.as_mut() })(context)
    }
}

/// The request ends before the frame that its future lies in, however that is left.
struct Driven(AnyNode);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.free();
    }
}

impl Tree {
    /// Makes `future` a request under the root (so law 16 holds for it) and calls `step` (take in input, one turn, wait) with its node until
    /// that ends; a step may be many, if it looks whether the node is alive.
    ///
    /// # Errors
    /// See [`DriveError`]; nothing has run when it is `Nested`.
    #[track_caller]
    pub fn drive<F: Future, E>(
        &self,
        name: &'static str,
        future: F,
        mut step: impl FnMut(AnyNode) -> Result<(), E>,
    ) -> Result<F::Output, DriveError<E>> {
        if self.is_entered() {
            return Err(DriveError::Nested { running: WhoseCode(self.core()).to_string() });
        }
        if !self.root().is_alive() {
            return Err(self.root_gone());
        }
        let mut output = None;
        let mut future = pin!(future);
        let mut poller = |context: &mut Context<'_>| future.as_mut().poll(context).map(|ready| output = Some(ready));
        let poller: &mut Poller<'_> = &mut poller;
        // SAFETY: only the lifetime changes. The request that gets it ends before this frame does (`driven` frees it on every way out,
        // and no code of the tree is on the stack then), and a request that ended polls no more.
        let erased = Erased(unsafe { core::mem::transmute::<NonNull<Poller<'_>>, NonNull<Poller<'static>>>(NonNull::from(poller)) });
        let mut request = self.root().spawn(name, move |_: AnyNode| erased);
        let driven = Driven(request.node());
        while driven.0.is_alive() {
            if let Err(error) = step(driven.0) {
                return Err(DriveError::Step(error));
            }
        }
        let ended = match Pin::new(&mut request).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(ended)) => ended,
            _ => driven.0.ended_freed(),
        };
        drop((driven, request));
        match output {
            Some(output) => Ok(output),
            None if !self.root().is_alive() => Err(self.root_gone()),
            None => Err(DriveError::Ended(ended)),
        }
    }

    fn root_gone<E>(&self) -> DriveError<E> {
        DriveError::RootGone { failure: self.take_failure(), freed_at: self.root_freed_at() }
    }
}
