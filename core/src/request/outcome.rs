//! What a request's body may return.

use crate::ended::Ended;
use core::convert::Infallible;
use core::fmt::Display;

/// What a request's body may return: `()`, `Result<T, E>` with `E: From<Ended> + Display`, or never.
///
/// What is not there does not compile, and says what to write:
///
/// ```compile_fail
/// # let sim = hamadryad::sim::Sim::seeded(1);
/// let _ = sim.root().spawn("wrong", async move |_| 7);
/// ```
#[diagnostic::on_unimplemented(
    message = "a request's body returns `()` or `Result<T, E>` with `E: From<Ended> + Display`, not `{Self}`",
    note = "write `Ok::<_, Ended>(value)`"
)]
pub trait Outcome: sealed::Sealed {
    /// What it gives.
    type T;
    /// How it fails.
    type E: From<Ended> + Display;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::T, Self::E>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for () {}

impl Outcome for () {
    type T = ();
    type E = Ended;
    fn into_result(self) -> Result<(), Ended> {
        Ok(())
    }
}

impl<T, E> sealed::Sealed for Result<T, E> {}

impl<T, E: From<Ended> + Display> Outcome for Result<T, E> {
    type T = T;
    type E = E;
    fn into_result(self) -> Result<T, E> {
        self
    }
}

/// Names the never type on stable Rust: the return type of `fn() -> !`.
#[doc(hidden)]
pub trait Returned {
    /// What it returns.
    type R;
}

impl<R> Returned for fn() -> R {
    type R = R;
}

type Never = <fn() -> ! as Returned>::R;

impl sealed::Sealed for Never {}

impl Outcome for Never {
    type T = Infallible;
    type E = Ended;
    fn into_result(self) -> Result<Infallible, Ended> {
        match self {}
    }
}
