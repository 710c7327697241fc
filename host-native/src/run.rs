//! [`run()`]: a whole program in one tree.

use crate::event_loop::Loop;
use crate::run_error::RunError;
use hamadryad::{AnyNode, secs};
use std::error::Error;
use std::time::Duration;

/// Runs a tree until its root is gone: one tree, one thread, one epoll. `Run::new().run(setup)`.
///
/// `setup` makes what the program consists of below the root, before the loop runs; it must not wait for anything. The root goes when it is
/// freed or shut down ([`AnyNode::shutdown`]), or when a request fails and nobody contains that.
///
/// # Errors
/// [`RunError::Setup`]: what `setup` returned. [`RunError::Failed`]: the failure that nobody contained. [`RunError::Host`]: the operating
/// system refused.
///
/// ```
/// use hamadryad_native::prelude::*;
///
/// fn main() -> Result<(), RunError> {
///     hamadryad_native::run(|root| {
///         root.after(millis(1), move || root.free());
///         Ok(())
///     })
/// }
/// ```
pub fn run(setup: impl FnOnce(AnyNode) -> Result<(), Box<dyn Error>>) -> Result<(), RunError> {
    Run::new().run(setup)
}

/// [`run()`] with options.
///
/// ```
/// use hamadryad_native::{Run, prelude::*};
/// Run::new().grace(secs(1)).run(|root| {
///     root.soon(move || root.free());
///     Ok(())
/// })?;
/// # Ok::<_, RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    grace: Duration,
}

impl Run {
    /// With a grace of 5 s.
    pub fn new() -> Run {
        Run { grace: secs(5) }
    }

    /// How long the other requests have after a failure that nobody contained began the shutdown.
    pub fn grace(self, grace: Duration) -> Run {
        Run { grace }
    }

    /// See [`run()`].
    ///
    /// # Errors
    /// See [`run()`].
    pub fn run(self, setup: impl FnOnce(AnyNode) -> Result<(), Box<dyn Error>>) -> Result<(), RunError> {
        let main_loop = Loop::new().map_err(RunError::Host)?;
        main_loop.tree().set_grace(self.grace);
        setup(main_loop.root()).map_err(RunError::Setup)?;
        main_loop.run()
    }
}

impl Default for Run {
    fn default() -> Run {
        Run::new()
    }
}
