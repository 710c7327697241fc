//! [`NodeExt`]: what a node can wait for in a browser.

#[cfg(feature = "js-types")]
mod event;
mod frame;
mod lifecycle;
#[cfg(feature = "js-types")]
mod promise;

pub use frame::FrameError;
pub use lifecycle::{Lifecycle, LifecycleStream};
#[cfg(feature = "js-types")]
pub use promise::PromiseError;

use crate::{AnyNode, Instant, OwnerError};
#[cfg(feature = "js-types")]
use wasm_bindgen::JsValue;

/// What only a browser's tree can do, as methods of its nodes. In the [prelude](crate::prelude).
pub trait NodeExt: sealed::Sealed {
    /// Calls `handler` for each event `name` of `target`, until the returned node, made under this one, is freed: it owns the JavaScript
    /// closure, and takes it off the target before that drops.
    ///
    /// The handler is code of the tree (class I/O of a turn), and the turn runs within the event's dispatch: `prevent_default()` works, and
    /// so does what needs a user's gesture. One exception: an event that code of the tree dispatches itself, or causes by a call like
    /// `click()`, comes in the next turn, when its dispatch is over (law 22); so does one while another handler of this tree runs. At most
    /// 1,024 such events wait; more are dropped.
    ///
    /// # Errors
    ///
    /// When this node is stale or ending, or no browser's.
    ///
    /// ```no_run
    /// use hamadryad_wasm::{OwnerError, prelude::*};
    ///
    /// fn count_clicks(me: AnyNode, button: &web_sys::EventTarget) -> Result<(), OwnerError> {
    ///     let mut clicks = 0;
    ///     me.on_event(button, "click", move |event| {
    ///         event.prevent_default();
    ///         clicks += 1;
    ///     })?;
    ///     Ok(())
    /// }
    /// ```
    #[cfg(feature = "js-types")]
    #[track_caller]
    fn on_event<R>(
        self,
        target: &web_sys::EventTarget,
        name: &'static str,
        handler: impl FnMut(web_sys::Event) -> R + 'static,
    ) -> Result<AnyNode, OwnerError>;

    /// Waits for a promise. A node under this one waits, from this call on; dropped, the future frees it, and then nothing of the promise
    /// comes here: it still settles, its value is dropped, and its rejection is told to nobody.
    ///
    /// # Errors
    ///
    /// [`PromiseError::Rejected`] with what it was rejected with; [`PromiseError::Ended`] when this node is, or gets, freed.
    ///
    /// ```no_run
    /// use hamadryad_wasm::{PromiseError, prelude::*};
    ///
    /// async fn answer(me: AnyNode, promise: js_sys::Promise) -> Result<Option<f64>, PromiseError> {
    ///     Ok(me.await_promise(promise).await?.as_f64())
    /// }
    /// ```
    #[cfg(feature = "js-types")]
    #[track_caller]
    fn await_promise(self, promise: js_sys::Promise) -> impl Future<Output = Result<JsValue, PromiseError>> + 'static;

    /// Waits for the next animation frame, and gives its time on the tree's clock; what the awaiting request does before it waits again is
    /// part of that frame. A hidden page has no frames: this waits until it is visible. Dropped, the future cancels it.
    ///
    /// # Errors
    ///
    /// [`FrameError::Ended`] when this node is, or gets, freed; [`FrameError::NoFrames`] where there are none (node, some workers).
    ///
    /// ```no_run
    /// use hamadryad_wasm::{FrameError, prelude::*};
    ///
    /// async fn animate(me: AnyNode) -> Result<(), FrameError> {
    ///     let begun = me.animation_frame().await?;
    ///     while me.animation_frame().await? - begun < secs(1) { /* draw */ }
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    fn animation_frame(self) -> impl Future<Output = Result<Instant, FrameError>> + 'static;

    /// What happens to the page from now on, as a stream below this node: see [`Lifecycle`].
    ///
    /// # Errors
    ///
    /// When this node is stale or ending, or no browser's.
    #[track_caller]
    fn lifecycle(self) -> Result<LifecycleStream, OwnerError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::AnyNode {}
}

impl NodeExt for AnyNode {
    #[cfg(feature = "js-types")]
    #[track_caller]
    fn on_event<R>(
        self,
        target: &web_sys::EventTarget,
        name: &'static str,
        handler: impl FnMut(web_sys::Event) -> R + 'static,
    ) -> Result<AnyNode, OwnerError> {
        event::listen(self, target, name, handler)
    }

    #[cfg(feature = "js-types")]
    #[track_caller]
    fn await_promise(self, promise: js_sys::Promise) -> impl Future<Output = Result<JsValue, PromiseError>> + 'static {
        promise::wait(self, promise)
    }

    #[track_caller]
    fn animation_frame(self) -> impl Future<Output = Result<Instant, FrameError>> + 'static {
        frame::wait(self)
    }

    #[track_caller]
    fn lifecycle(self) -> Result<LifecycleStream, OwnerError> {
        LifecycleStream::begin(self)
    }
}
