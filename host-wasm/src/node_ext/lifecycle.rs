//! [`Lifecycle`], and the stream of it.

use crate::browser_host::{hear, page_of};
use crate::listener::Listener;
use crate::waiting::{Told, until};
use crate::{AnyNode, Ended, Node, OwnerError, sys};
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::ops::Deref;
use core::time::Duration;

/// Changes that nobody has taken: with one more, the oldest is dropped.
const CHANGES_MAX: usize = 64;

/// What happened to the page (Page Lifecycle, HTML). In a worker there are `Online` and `Offline` only.
///
/// A peer that was silent while this page was frozen is not dead: this side was. So a protocol that has a limit for silence begins it
/// anew after `Resumed`, and connects again at once when its WebSocket was closed with code 1006 meanwhile (browsers close the sockets of
/// what they freeze):
///
/// ```no_run
/// use hamadryad_wasm::net::WebSocket;
/// use hamadryad_wasm::{Channel, ChannelError, Lifecycle, OwnerError, prelude::*};
/// use std::{cell::Cell, rc::Rc};
///
/// async fn keep(me: AnyNode, url: &str) -> Result<(), ChannelError> {
///     let slept = Rc::new(Cell::new(false));
///     let note = slept.clone();
///     let changes = me.lifecycle().expect("this is a page");
///     me.spawn("lifecycle", async move |_| -> Result<(), Ended> {
///         loop {
///             note.set(matches!(changes.next().await?, Lifecycle::Frozen | Lifecycle::Resumed { .. }));
///         }
///     }).background().detach();
///     loop {
///         let socket = WebSocket::connect(me, url).timeout(secs(5)).await?;
///         let mut message = Vec::new();
///         let end = loop {
///             if let Err(end) = socket.receive(&mut message).await { break end }
///         };
///         match end {
///             ChannelError::Closed { .. } if slept.take() => continue, // this tab slept: the peer is well
///             end => return Err(end),
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifecycle {
    /// Nobody sees the page any more: timers may come once a second, later once a minute; there are no animation frames.
    Hidden,
    /// It is seen again.
    Visible,
    /// The browser is about to freeze the page: nothing of it runs after this turn, and its WebSockets will be closed.
    Frozen,
    /// The page runs again.
    Resumed {
        /// How long it was frozen, or put aside in the back/forward cache, by the wall clock.
        slept: Duration,
    },
    /// The user leaves the page.
    PageHide {
        /// It may come back as it is, from the back/forward cache; else this is the last that it hears.
        persisted: bool,
    },
    /// The browser believes that there is a network.
    Online,
    /// There is none.
    Offline,
}

/// The changes of a page's life, made by [`NodeExt::lifecycle`](super::NodeExt::lifecycle): a handle to the node that listens.
///
/// At most 64 changes wait to be taken; then the oldest is dropped.
#[derive(Clone, Copy)]
pub struct LifecycleStream(Node<Watch>);

impl LifecycleStream {
    #[track_caller]
    pub(super) fn begin(owner: AnyNode) -> Result<LifecycleStream, OwnerError> {
        let page = page_of(owner)?;
        let (changes, told) = (Rc::new(Changes::default()), Told::default());
        let (heard, tells) = (changes.clone(), told.clone());
        let of_document = Rc::new(move |event: sys::Event| {
            hear(&page, || {
                heard.take_in(&event);
                tells.notify();
            });
        });
        let of_global = of_document.clone();
        let document = sys::DOCUMENT.with(Option::clone);
        let document = document.map(|document| Listener::new(document, OF_DOCUMENT, move |event| of_document(event)));
        let global = sys::GLOBAL.with(Option::clone);
        let global = global.map(|global| Listener::new(global, OF_GLOBAL, move |event| of_global(event)));
        let made = owner.try_insert(Watch { changes, _document: document, _global: global });
        let node = made.map_err(|_| OwnerError::Freed)?.named("lifecycle");
        told.is(*node);
        Ok(LifecycleStream(node))
    }

    /// Waits for the next change. Cancel-safe: it is taken only when it is returned.
    ///
    /// # Errors
    ///
    /// [`Ended::Freed`] when the node is freed.
    pub async fn next(self) -> Result<Lifecycle, Ended> {
        until(self.0, "event", |watch| watch.changes.waiting.borrow_mut().pop_front()).await
    }
}

impl Deref for LifecycleStream {
    type Target = AnyNode;

    fn deref(&self) -> &AnyNode {
        &self.0
    }
}

impl From<LifecycleStream> for AnyNode {
    fn from(stream: LifecycleStream) -> AnyNode {
        *stream
    }
}

impl fmt::Debug for LifecycleStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LifecycleStream").field(&**self).finish()
    }
}

const OF_DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];
const OF_GLOBAL: [&str; 4] = ["pagehide", "pageshow", "online", "offline"];

/// What a [`LifecycleStream`] is a handle to.
struct Watch {
    changes: Rc<Changes>,
    _document: Option<Listener<sys::EventTarget, 3>>,
    _global: Option<Listener<sys::EventTarget, 4>>,
}

#[derive(Default)]
struct Changes {
    waiting: RefCell<VecDeque<Lifecycle>>,
    /// Since when, by the wall clock, nothing runs.
    asleep_ms: Cell<Option<f64>>,
}

impl Changes {
    fn take_in(&self, event: &sys::Event) {
        if let Some(change) = self.change(&event.kind(), event) {
            let mut waiting = self.waiting.borrow_mut();
            if waiting.len() == CHANGES_MAX {
                waiting.pop_front();
            }
            waiting.push_back(change);
        }
    }

    fn change(&self, kind: &str, event: &sys::Event) -> Option<Lifecycle> {
        match kind {
            "visibilitychange" if sys::document_is_hidden() => Some(Lifecycle::Hidden),
            "visibilitychange" => Some(Lifecycle::Visible),
            "freeze" => {
                self.asleep_ms.set(Some(sys::date_now()));
                Some(Lifecycle::Frozen)
            }
            "pagehide" => {
                let persisted = event.persisted();
                self.asleep_ms.set(persisted.then(sys::date_now));
                Some(Lifecycle::PageHide { persisted })
            }
            // A page that comes from the cache is shown; where freezing is told as well, that was first.
            "resume" | "pageshow" => {
                let slept_ms = sys::date_now() - self.asleep_ms.take()?;
                Some(Lifecycle::Resumed { slept: Duration::from_millis(slept_ms.max(0.0) as u64) })
            }
            "online" => Some(Lifecycle::Online),
            "offline" => Some(Lifecycle::Offline),
            _ => None,
        }
    }
}
