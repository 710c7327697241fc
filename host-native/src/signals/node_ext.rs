//! [`NodeExt`]: signal handlers as nodes.

use super::inbox::Inbox;
use super::names::name_of;
use super::{SigInfo, SignalError, registry};
use crate::host::poller_of;
use crate::poller::Poller;
use hamadryad::{AnyNode, Ready, SourceClass, SourceError, Token};
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// What a node can do on Linux beyond what it can do everywhere. In the [prelude](crate::prelude); sealed.
pub trait NodeExt: sealed::Sealed {
    /// Makes a node below this one that calls `handler` once for each `signal` that reaches this process, with all that the kernel tells
    /// about it.
    ///
    /// The node is called like the signal, and the handler is freed with it. Each handler, in each tree of the process that asked, gets
    /// each siginfo once and in order; they are queued from the moment of arrival, so none is lost below the kernel's own limit
    /// (`RLIMIT_SIGPENDING`): also while a callback runs long. Handlers run in a turn of the loop, where everything is allowed, the freeing
    /// of any handler included; a handler that is freed inside itself gets none of what still waits.
    ///
    /// The process's action for the signal is replaced (sigaction(2), with `SA_RESTART`) when its first handler is made, and put back when
    /// the last one is freed. Signal masks are left alone: a signal that every thread blocks does not come.
    ///
    /// # Errors
    /// See [`SignalError`]; then `handler` is dropped.
    ///
    /// ```no_run
    /// use hamadryad_native::prelude::*;
    ///
    /// fn main() -> Result<(), RunError> {
    ///     hamadryad_native::run(|root| {
    ///         root.on_signal(SIGTERM, move |_| root.shutdown(secs(5)))?;
    ///         root.on_signal(SIGUSR1, move |info| eprintln!("{:?} asked:\n{}", info.sender(), root.report()))?;
    ///         Ok(())
    ///     })
    /// }
    /// ```
    #[track_caller]
    fn on_signal<R>(self, signal: i32, handler: impl FnMut(&SigInfo) -> R + 'static) -> Result<AnyNode, SignalError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for hamadryad::AnyNode {}
}

impl NodeExt for AnyNode {
    #[track_caller]
    fn on_signal<R>(self, signal: i32, mut handler: impl FnMut(&SigInfo) -> R + 'static) -> Result<AnyNode, SignalError> {
        if is_forbidden(signal) {
            return Err(SignalError::Forbidden);
        }
        let poller = poller_of(self)?;
        // The closure has to know its own node, which is made after it.
        let own_node = Rc::new(OnceCell::new());
        let known_later = own_node.clone();
        let made = self.source_fn(SourceClass::Signal, "signal", move |token| {
            let registration = Registration::new(poller, signal, token)?;
            Ok(move |_: Ready| {
                if let Some(node) = known_later.get() {
                    registration.deliver(*node, &mut handler);
                }
            })
        });
        match made {
            Ok(node) => {
                let node = node.named(name_of(signal));
                own_node.set(node).expect("it is set here only, once");
                Ok(node)
            }
            Err(SourceError::Make(error)) => Err(error),
            Err(_) => Err(SignalError::Freed),
        }
    }
}

/// Uncatchable, or after it the code that caused it would run into it again.
fn is_forbidden(signal: i32) -> bool {
    let kept_by_the_library = (32..libc::SIGRTMIN()).contains(&signal);
    kept_by_the_library || matches!(signal, libc::SIGKILL | libc::SIGSTOP | libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL)
}

/// The signal's way to one node: ends when it is dropped.
struct Registration {
    poller: Rc<Poller>,
    inbox: Arc<Inbox>,
}

impl Registration {
    fn new(poller: Rc<Poller>, signal: i32, token: Token) -> Result<Registration, SignalError> {
        let inbox = registry::register(signal, token, poller.wake_fd(), poller.listener())?;
        poller.set_listener(Some(inbox.listener));
        Ok(Registration { poller, inbox })
    }

    /// Calls `handler` for each siginfo that waits now, unless it frees its node. What comes meanwhile is for the next turn.
    fn deliver<R>(&self, node: AnyNode, handler: &mut impl FnMut(&SigInfo) -> R) {
        let _rest = Rest { node, inbox: &self.inbox };
        for _ in 0..self.inbox.len() {
            let Some(info) = self.inbox.pop().filter(|_| node.is_alive()) else { return };
            handler(&info);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if registry::unregister(&self.inbox) {
            self.poller.set_listener(None);
        }
    }
}

/// What a handler has not had when it returns, or panics, must not wait for the next signal.
struct Rest<'a> {
    node: AnyNode,
    inbox: &'a Inbox,
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        if self.inbox.len() > 0 {
            self.node.mark_ready(Ready::READABLE);
        }
    }
}
