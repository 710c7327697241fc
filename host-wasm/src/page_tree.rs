//! [`PageTree`]: a tree with a handle, for tests in the browser and for programs that embed one.

use crate::page::Page;
use crate::tell::Kept;
use crate::{AnyNode, Ended, Failure, Request};
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::error::Error;
use core::fmt;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

/// A tree and its [`BrowserHost`](crate::BrowserHost): the counterpart of `Sim` and of the native `Loop`.
///
/// Its turns run from the page's own tasks, as with [`start`](crate::start); this handle owns it, and dropping the handle drops the tree.
/// Nothing in a page can block, so where the others have `block_on` this one has [`run`](PageTree::run), to be awaited by a future of
/// JavaScript's own (an asynchronous test of `wasm-bindgen-test`, `wasm_bindgen_futures::spawn_local`).
///
/// ```no_run
/// use hamadryad_wasm::{PageTree, prelude::*};
///
/// // A `#[wasm_bindgen_test]`.
/// async fn a_sleep_is_never_early() {
///     let page = PageTree::new();
///     let root = page.root();
///     let slept = page.run(async move {
///         let begun = root.now();
///         root.sleep(millis(20)).await.expect("nobody frees the root");
///         root.now() - begun
///     });
///     assert!(slept.await >= millis(20));
/// }
/// ```
pub struct PageTree {
    page: Rc<Page>,
    kept: Rc<Kept>,
}

impl PageTree {
    /// A tree with a root and nothing else.
    ///
    /// # Panics
    ///
    /// Outside of a browser, a worker and node.
    #[track_caller]
    pub fn new() -> PageTree {
        let kept = Rc::new(Kept::default());
        PageTree { page: Page::new(kept.clone()), kept }
    }

    /// The root of the tree.
    pub fn root(&self) -> AnyNode {
        self.page.root()
    }

    /// Makes `future` a request under the root, named `run`, and gives its output when it is done: [`try_run`](PageTree::try_run) for
    /// those who expect one.
    ///
    /// # Panics
    ///
    /// When the tree ends first: with the failure nobody contained, the place of the free, or the path and message of the panic that
    /// trapped. So a failed assertion in `future` fails the test that awaits it.
    ///
    /// # Cancel safety
    ///
    /// As for [`try_run`](PageTree::try_run).
    pub async fn run<F>(&self, future: F) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        match self.try_run(future).await {
            Ok(output) => output,
            Err(ended) => panic!("{ended}"),
        }
    }

    /// Makes `future` a request under the root, named `run`, and gives its output when it is done.
    ///
    /// # Errors
    ///
    /// [`PageEnded`], when the tree or the request ends first.
    ///
    /// # Cancel safety
    ///
    /// The request is made at the first poll. Dropping this future abandons it, as with any [`Request`].
    pub async fn try_run<F>(&self, future: F) -> Result<F::Output, PageEnded>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        if self.root().is_alive() {
            let output = Rc::new(RefCell::new(None));
            let slot = output.clone();
            let request = self.root().spawn("run", async move |_| {
                let output = future.await;
                slot.replace(Some(output));
            });
            let ended = Running { page: self, request }.await;
            match (output.take(), ended) {
                (Some(output), _) => return Ok(output),
                (None, Err(ended)) => return Err(ended),
                (None, Ok(())) => unreachable!("the body ended, and its last step fills the slot"),
            }
        }
        Err(self.why_gone())
    }
}

impl Default for PageTree {
    fn default() -> PageTree {
        PageTree::new()
    }
}

impl Drop for PageTree {
    /// The tree is dropped here, or, if this is code of the tree itself, when that returns.
    fn drop(&mut self) {
        self.page.end();
    }
}

/// Waits for the request, or for a panic that traps, which no request outlives.
struct Running<'page> {
    page: &'page PageTree,
    request: Request<(), Ended>,
}

impl Future for Running<'_> {
    type Output = Result<(), PageEnded>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(message) = self.page.kept.text_of_trap() {
            return Poll::Ready(Err(PageEnded::Trapped { message }));
        }
        self.page.kept.wait_for_trap(context.waker());
        let page = self.page;
        Pin::new(&mut self.request).poll(context).map_err(|ended| match page.page.tree().root_freed_at() {
            Some(_) => page.why_gone(),
            None => PageEnded::Ended(ended),
        })
    }
}

impl PageTree {
    /// Why the root is gone.
    fn why_gone(&self) -> PageEnded {
        PageEnded::RootGone { failure: self.kept.take_failure(), freed_at: self.page.tree().root_freed_at() }
    }
}

/// Why [`PageTree::try_run`] ended without its future's output.
#[derive(Debug)]
#[non_exhaustive]
pub enum PageEnded {
    /// The root ended first.
    RootGone {
        /// The failure nobody contained, unless somebody took it before.
        failure: Option<Failure>,
        /// Where the root was freed.
        freed_at: Option<&'static Location<'static>>,
    },
    /// The future's own request ended: freed, out of time.
    Ended(Ended),
    /// Code of the tree panicked, and the tree is closed.
    Trapped {
        /// The path of what ran, the panic's place and its message.
        message: String,
    },
}

impl fmt::Display for PageEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PageEnded::RootGone { failure: Some(failure), .. } => write!(f, "the root ended: {failure}"),
            PageEnded::RootGone { freed_at: Some(place), .. } => write!(f, "the root was freed by {place}"),
            PageEnded::RootGone { .. } => f.write_str("the root is gone"),
            PageEnded::Ended(ended) => write!(f, "{ended}"),
            PageEnded::Trapped { message } => f.write_str(message),
        }
    }
}

impl Error for PageEnded {}
