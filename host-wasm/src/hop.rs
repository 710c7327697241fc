//! [`Hop`]: "call the tree soon", through a `MessageChannel`.

use crate::sys::{Event, MessageChannel, MessagePort};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::Waker;
use wasm_bindgen::prelude::*;

/// The landing side: a port that is listened to, and the JavaScript closure that listens, which it owns. On drop the port is detached
/// and closed before the closure goes.
///
/// A message costs 15–20 µs and, unlike `setTimeout(0)`, is never held back to 4 ms; between two of them the browser renders.
pub(crate) struct Hop {
    landing: MessagePort,
    take_off: Arc<TakeOff>,
    _land: Closure<dyn Fn(Event)>,
}

impl Hop {
    /// A channel whose messages call `land`, each once.
    pub(crate) fn new(land: impl Fn() + 'static) -> Hop {
        let channel = MessageChannel::new();
        let land = Closure::<dyn Fn(Event)>::new(move |_| land());
        let landing = channel.port1();
        landing.set_onmessage(Some(&land));
        Hop { landing, take_off: Arc::new(TakeOff::new(channel.port2())), _land: land }
    }

    /// The side that asks for a hop.
    pub(crate) fn take_off(&self) -> &TakeOff {
        &self.take_off
    }

    pub(crate) fn waker(&self) -> Waker {
        Waker::from(self.take_off.clone())
    }

    /// Nothing lands any more, and a late wake does nothing.
    pub(crate) fn close(&self) {
        if !self.take_off.closed.swap(true, Relaxed) {
            self.landing.set_onmessage(None);
            self.landing.close(None, None);
            self.take_off.port.close(None, None);
        }
    }
}

impl Drop for Hop {
    fn drop(&mut self) {
        self.close();
    }
}

/// The side that asks for a hop: what the host's waker holds. It may outlive the tree.
///
/// ```text
///        ask                landed
///  idle ─────► in the air ────────► idle        inside (a slice or the setup runs): ask only leaves a note
/// ```
pub(crate) struct TakeOff {
    port: MessagePort,
    /// A message is in the air: one is enough for any number of wakes.
    in_the_air: AtomicBool,
    /// The page's own slice is on the stack: who asks now is served by its next turn, without a message.
    inside: AtomicBool,
    /// Somebody asked from inside.
    noted: AtomicBool,
    closed: AtomicBool,
}

impl TakeOff {
    fn new(port: MessagePort) -> TakeOff {
        let flag = || AtomicBool::new(false);
        TakeOff { port, in_the_air: flag(), inside: flag(), noted: flag(), closed: flag() }
    }

    /// Something is pending (a wake, a callback of the page): the tree is called soon.
    pub(crate) fn ask(&self) {
        if self.inside.load(Relaxed) {
            self.noted.store(true, Relaxed);
        } else {
            self.post();
        }
    }

    /// Posts the message, unless one is in the air already.
    pub(crate) fn post(&self) {
        if !self.closed.load(Relaxed) && !self.in_the_air.swap(true, Relaxed) {
            self.port.post_message(&JsValue::NULL);
        }
    }

    /// The message arrived.
    pub(crate) fn landed(&self) {
        self.in_the_air.store(false, Relaxed);
    }

    /// A slice begins or is over. Gives what it was before.
    pub(crate) fn set_inside(&self, inside: bool) -> bool {
        self.inside.swap(inside, Relaxed)
    }

    pub(crate) fn is_inside(&self) -> bool {
        self.inside.load(Relaxed)
    }

    /// Whether somebody asked from inside since the last call.
    pub(crate) fn take_noted(&self) -> bool {
        self.noted.swap(false, Relaxed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }
}

impl Wake for TakeOff {
    fn wake(self: Arc<Self>) {
        self.ask();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ask();
    }
}
