//! The typed side of a request: its body, its future and its result lie in one chunk, one after the other.
#![expect(unsafe_code, reason = "pins a future in its chunk, and reads a result by the type its handle was made with")]

use super::outcome::Outcome;
use crate::arena::{Class, Flag, Kind, KindOf, SlotRef, State, WideRef, value};
use crate::ended::Ended;
use crate::node::AnyNode;
use crate::tree::TreeCore;
use crate::waits;
use core::any::TypeId;
use core::fmt::Display;
use core::future::Future;
use core::mem::{ManuallyDrop, MaybeUninit, needs_drop};
use core::pin::Pin;
use core::task::{Context, Poll};

/// What lies in a request's chunk, always at its beginning. Which of the three it is, and whether it is there, the slot says:
///
/// ```text
///   body ── run: called ──► nothing ── run: its future ──► future ── run: ready ──► nothing ── run: its outcome ──► result
///  (a value)               (NoValue)                 (a value, Started)            (NoValue)               (waits: RESULT, RESULT_ALONE)
/// ```
#[repr(C)]
pub(super) union Stage<F, Fut, R> {
    body: ManuallyDrop<F>,
    future: ManuallyDrop<Fut>,
    result: ManuallyDrop<R>,
}

impl<F, Fut> Stage<F, Fut, Result<<Fut::Output as Outcome>::T, <Fut::Output as Outcome>::E>>
where
    F: FnOnce(AnyNode) -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: Outcome,
{
    const UNTYPED: &'static Kind = &Kind {
        drop: if needs_drop::<F>() { Some(drop_as::<F>) } else { None },
        drop_started: if needs_drop::<Fut>() { Some(drop_as::<Fut>) } else { None },
        run: Self::run,
        ..Kind::new::<Self>(Class::Request, || "request")
    };

    // SAFETY: a `Self` begins with the body, and its functions expect that until it has started.
    pub(super) const KIND: KindOf<F> = unsafe { KindOf::new(Self::UNTYPED) };

    /// Runs the request once: its body first, then a poll of its future.
    unsafe fn run(core: &TreeCore, slot: WideRef, data: *mut u8, context: &mut Context<'_>) {
        if !slot.has(Flag::Started) {
            slot.set(Flag::Started);
            slot.set(Flag::NoValue);
            // SAFETY: of this kind, not started until now, and run, so there was a value: the body, which is read once.
            let future = unsafe { data.cast::<F>().read() }(AnyNode::of(*slot));
            // SAFETY: the chunk has room for the future, and nothing lies there.
            unsafe { data.cast::<Fut>().write(future) };
            slot.clear(Flag::NoValue);
            if slot.state.get() == State::Deferred {
                return; // Freed by its own body: whoever ran it drops the future.
            }
        }
        // SAFETY: started, and run, so there is a value: the future, lent to this call alone. It does not move until it is dropped in
        // place, below or by the kind's `drop_started`.
        let future = unsafe { Pin::new_unchecked(&mut *data.cast::<Fut>()) };
        if let Poll::Ready(outcome) = future.poll(context) {
            // SAFETY: as above; a future that is ready is not polled again.
            unsafe { Self::end(core, slot, data, outcome) };
        }
    }

    /// The future is ready: the outcome is fixed; what the request owns is freed, its future dropped; then its owner learns of it
    /// (law 11).
    ///
    /// # Safety
    /// The slot is of this kind, and its future lies at `data`, lent to the caller.
    #[inline(always)]
    unsafe fn end(core: &TreeCore, slot: WideRef, data: *mut u8, outcome: Fut::Output) {
        // In a page small code counts for more.
        if cfg!(target_family = "wasm") || !slot.begin_to_end_alone() {
            // SAFETY: the caller's contract.
            return unsafe { Self::end_otherwise(core, slot, data, outcome) };
        }
        if let Some(drop) = Self::UNTYPED.drop_started {
            // SAFETY: the caller's contract; nobody drops it again: `NoValue`.
            core.protect(*slot, true, || unsafe { drop(data) });
        }
        match core.owner_of_alone(slot) {
            Some(owner) => {
                // SAFETY: the chunk has room for the result, and nothing lies there.
                unsafe { data.cast::<Result<_, _>>().write(outcome.into_result()) };
                core.conclude_alone(slot, owner);
            }
            // SAFETY: the caller's contract; its future is gone.
            None => unsafe { Self::conclude(core, slot, data, outcome) },
        }
    }

    /// As [`end`](Stage::end), where more is to be done than most often.
    ///
    /// # Safety
    /// As of `end`.
    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    #[cfg_attr(target_family = "wasm", inline(always))]
    unsafe fn end_otherwise(core: &TreeCore, slot: WideRef, data: *mut u8, outcome: Fut::Output) {
        // SAFETY: the caller's contract.
        if unsafe { end_future(core, slot, data, Self::UNTYPED.drop_started) } {
            // SAFETY: the caller's contract; its future is gone.
            unsafe { Self::conclude(core, slot, data, outcome) };
        } else {
            core.protect(*slot, false, || drop(outcome));
        }
    }

    /// Nothing is left but the outcome.
    ///
    /// # Safety
    /// The slot is of this kind, and nothing lies at `data`.
    #[cfg_attr(not(target_family = "wasm"), inline(never))]
    #[cfg_attr(target_family = "wasm", inline(always))]
    unsafe fn conclude(core: &TreeCore, slot: WideRef, data: *mut u8, outcome: Fut::Output) {
        match outcome.into_result() {
            result if slot.has(Flag::Held) => {
                // SAFETY: the chunk has room for the result, and nothing lies there.
                unsafe { data.cast::<Result<_, _>>().write(result) };
                core.conclude(slot, true);
            }
            Ok(value) => {
                core.conclude(slot, false);
                if needs_drop::<<Fut::Output as Outcome>::T>() {
                    core.protect(*slot, false, || drop(value));
                }
            }
            Err(error) => {
                core.failed_unreceived(AnyNode::of_tenant(*slot), error);
                core.conclude(slot, false);
            }
        }
    }
}

/// Frees what the request owns, and drops its future. False when it was freed in this very poll: that came first.
///
/// # Safety
/// The slot is of a request whose future lies at `data`, lent to the caller; `drop` is what drops that.
#[inline(never)]
unsafe fn end_future(core: &TreeCore, slot: WideRef, data: *mut u8, drop: Option<unsafe fn(*mut u8)>) -> bool {
    if slot.state.get() == State::Deferred {
        return false;
    }
    core.clear_for_end(*slot);
    slot.set(Flag::NoValue);
    if let Some(drop) = drop {
        // SAFETY: the caller's contract; nobody drops it again: `NoValue`.
        core.protect(*slot, true, || unsafe { drop(data) });
    }
    true
}

/// # Safety
/// `data` points to a `T` that is not used again.
unsafe fn drop_as<T>(data: *mut u8) {
    // SAFETY: the caller's contract.
    unsafe { data.cast::<T>().drop_in_place() }
}

/// What lies in the chunk of a request that is completed by hand: nothing, then its result.
#[repr(transparent)]
pub(super) struct ByHand<T, E>(MaybeUninit<Result<T, E>>);

impl<T: 'static, E: From<Ended> + Display + 'static> ByHand<T, E> {
    // SAFETY: made of this type.
    pub(super) const KIND: KindOf<Self> = unsafe { KindOf::new(&Kind::new::<Self>(Class::Request, || "completer")) };

    pub(super) fn new() -> ByHand<T, E> {
        ByHand(MaybeUninit::uninit())
    }

    /// Stores the result. The request has ended: nobody else looks at the chunk.
    pub(super) fn store(slot: SlotRef, result: Result<T, E>) {
        assert!(slot.kind.get().type_id == TypeId::of::<Self>(), "a completer completes a request of its own kind");
        // SAFETY: of this kind, so the chunk holds a `Self`; the caller's request has ended and nothing is lent.
        unsafe { value::exclusive::<Self>(slot) }.0.write(result);
    }
}

/// As [`take`], if the result is all that is left of the request.
#[inline(always)]
pub(super) fn take_alone<T, E>(slot: SlotRef) -> Option<(WideRef, Result<T, E>)> {
    let slot = slot.result_alone()?;
    // SAFETY: as in `take`: it is there (`RESULT_ALONE`, which `conclude_alone` notes after it is written), and is taken once: its handle
    // gives the slot back with this.
    Some((slot, unsafe { value::take::<Result<T, E>>(*slot) }))
}

/// Takes the result of a request that ended with one, for its handle.
#[inline(always)]
pub(super) fn take<T, E>(slot: SlotRef) -> Option<Result<T, E>> {
    if !slot.holds_result() {
        return None;
    }
    slot.waits.set(waits::NOTHING);
    // SAFETY: called by `Request<T, E>` for its own slot, which it holds and whose kind was made with the same `T` and `E`: both kinds
    // keep a result at the beginning of their chunk. It is there (`RESULT`, which `conclude` notes once it is written), and not again.
    Some(unsafe { value::take::<Result<T, E>>(slot) })
}
