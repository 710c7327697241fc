//! The one place where a panic of user code is caught (law 8).

#[cfg(feature = "std")]
use alloc::boxed::Box;
#[cfg(feature = "std")]
use alloc::string::String;

/// What a panic said. The payload itself is not kept: it is not `Sync`.
#[cfg(feature = "std")]
pub(crate) struct Panic(Box<str>);

/// Without `std` nothing is caught, and no code for it is linked.
#[cfg(not(feature = "std"))]
pub(crate) enum Panic {}

impl Panic {
    /// What it said.
    pub(crate) fn text(&self) -> &str {
        #[cfg(feature = "std")]
        return &self.0;
        #[cfg(not(feature = "std"))]
        match *self {}
    }
}

/// Runs user code and catches its panic.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Panic> {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    // Unwind safety: the callers set every state before the call and look at everything again after it.
    catch_unwind(AssertUnwindSafe(code)).map_err(Panic::of)
}

#[cfg(feature = "std")]
impl Panic {
    #[cold]
    fn of(payload: Box<dyn core::any::Any + Send>) -> Panic {
        use std::panic::{AssertUnwindSafe, catch_unwind};
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| String::from(*text))
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| String::from("a value that is not text"));
        // A payload's own `Drop` may panic too.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
        Panic(text.into())
    }
}

/// Without `std` nothing can be caught: where panics unwind, one that reaches the core aborts, so that no half-done state is seen.
#[cfg(not(feature = "std"))]
pub(crate) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, Panic> {
    struct Abort;
    impl Drop for Abort {
        fn drop(&mut self) {
            panic!("a panic of user code cannot be caught without hamadryad's feature `std`");
        }
    }
    let abort = Abort;
    let result = code();
    core::mem::forget(abort);
    Ok(result)
}
