//! The typed side of a request: body, future and result share one chunk.
#![expect(unsafe_code, reason = "pins a future in its chunk, and reads a result by the type its handle was made with")]

use super::outcome::Outcome;
use crate::arena::{Class, Flag, Kind, SlotRef, State};
use crate::ended::Ended;
use crate::node::AnyNode;
use core::any::TypeId;
use core::fmt::Display;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What lies in a request's chunk.
pub(super) enum Stage<F, Fut, T, E> {
    Body(F),
    Running(Fut),
    Empty,
    Result(Result<T, E>),
}

impl<F, Fut, T, E> Stage<F, Fut, T, E>
where
    F: FnOnce(AnyNode) -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: Outcome<T = T, E = E>,
    T: 'static,
    E: From<Ended> + Display + 'static,
{
    pub(super) const KIND: &'static Kind =
        &Kind { run: Some(Self::run), result: Some(Self::take_result), ..Kind::new::<Self>(Class::Request, || "request") };

    pub(super) fn kind_of(_: &Self) -> &'static Kind {
        Self::KIND
    }

    /// Runs the request once: its body first, then a poll of its future. True when it ended.
    unsafe fn run(slot: SlotRef, data: *mut u8, context: &mut Context<'_>) -> bool {
        // SAFETY: of this kind, so `data` points to a `Self`, lent to this call alone.
        let stage = unsafe { &mut *data.cast::<Self>() };
        if let Stage::Body(_) = stage {
            let me = AnyNode::of(slot);
            let Stage::Body(body) = core::mem::replace(stage, Stage::Empty) else { return false };
            *stage = Stage::Running(body(me));
        }
        let Stage::Running(future) = stage else { return false };
        // SAFETY: the future lies in its chunk, which does not move, until it is dropped in place below or by the kind's drop.
        let Poll::Ready(outcome) = unsafe { Pin::new_unchecked(future) }.poll(context) else { return false };
        if slot.state.get() == State::Deferred {
            // It was freed in this very poll, and that came first.
            slot.core().protect(slot, false, || drop(outcome));
            return true;
        }
        // The outcome is fixed; what it owns is freed, its future dropped; then its owner learns of it (law 11).
        let core = slot.peek_core(); // Whoever runs this holds the core.
        core.clear_for_end(slot);
        slot.set(Flag::NoValue);
        if core::mem::needs_drop::<Fut>() {
            core.protect(slot, true, || *stage = Stage::Empty);
        }
        match outcome.into_result() {
            result if slot.has(Flag::Held) => {
                *stage = Stage::Result(result);
                core.conclude(slot, true);
            }
            Ok(value) => {
                core.conclude(slot, false);
                core.protect(slot, false, || drop(value));
            }
            Err(error) => {
                core.failed_with(AnyNode::of(slot), error);
                core.conclude(slot, false);
            }
        }
        true
    }

    unsafe fn take_result(data: *mut u8, to: *mut u8) {
        // SAFETY: of this kind, so `data` points to a `Self` that nothing else refers to once the request ended.
        let stage = unsafe { &mut *data.cast::<Self>() };
        if let Stage::Result(_) = stage
            && let Stage::Result(result) = core::mem::replace(stage, Stage::Empty)
        {
            // SAFETY: the caller passes an `Option` of this kind's result.
            unsafe { *to.cast::<Option<Result<T, E>>>() = Some(result) };
        }
    }
}

/// The chunk of a request that is completed by hand.
pub(super) struct ByHand<T, E>(Option<Result<T, E>>);

impl<T: 'static, E: From<Ended> + Display + 'static> ByHand<T, E> {
    pub(super) const KIND: &'static Kind = &Kind { result: Some(Self::take_result), ..Kind::new::<Self>(Class::Request, || "completer") };

    pub(super) fn new() -> ByHand<T, E> {
        ByHand(None)
    }

    /// Stores the result. The request has ended: nobody else looks at the chunk.
    pub(super) fn store(slot: SlotRef, result: Result<T, E>) {
        assert!(slot.kind.get().type_id == TypeId::of::<Self>(), "a completer completes a request of its own kind");
        // SAFETY: of this kind, so the chunk holds a `Self`; the caller's request has ended and nothing is lent.
        unsafe { crate::arena::value::exclusive::<Self>(slot) }.0 = Some(result);
    }

    unsafe fn take_result(data: *mut u8, to: *mut u8) {
        // SAFETY: of this kind, so `data` points to a `Self` that nothing else refers to once the request ended.
        let result = unsafe { &mut *data.cast::<Self>() }.0.take();
        // SAFETY: the caller passes an `Option` of this kind's result.
        unsafe { *to.cast::<Option<Result<T, E>>>() = result };
    }
}

/// Takes the result of an ended request.
pub(super) fn take<T, E>(slot: SlotRef) -> Option<Result<T, E>> {
    // SAFETY: called by `Request<T, E>` for its own slot, whose kind was made with the same `T` and `E`, and which it holds.
    unsafe { crate::arena::value::take_result::<Result<T, E>>(slot) }
}
