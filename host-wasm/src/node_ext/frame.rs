//! [`animation_frame`](super::NodeExt::animation_frame).

use crate::browser_host::{hear, page_of};
use crate::clock::instant_of_millis;
use crate::waiting::{Told, until};
use crate::{AnyNode, Ended, Instant, Owned, sys};
use alloc::rc::Rc;
use core::cell::Cell;
use core::error::Error;
use core::fmt;
use wasm_bindgen::prelude::*;

/// Why [`animation_frame`](super::NodeExt::animation_frame) gave none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FrameError {
    /// The node that waited, or its owner, ended.
    Ended(Ended),
    /// There are no animation frames here, or the owner is in no browser's tree.
    NoFrames,
}

impl From<Ended> for FrameError {
    fn from(ended: Ended) -> FrameError {
        FrameError::Ended(ended)
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Ended(ended) => ended.fmt(f),
            FrameError::NoFrames => f.write_str("there are no animation frames here"),
        }
    }
}

impl Error for FrameError {}

/// A frame that was asked for. On drop it is cancelled, before the closure goes.
struct Frame {
    request: f64,
    at: Rc<Cell<Option<Instant>>>,
    _draw: Closure<dyn Fn(f64)>,
}

impl Drop for Frame {
    fn drop(&mut self) {
        if self.at.get().is_none() {
            sys::cancel_animation_frame(self.request);
        }
    }
}

#[track_caller]
pub(super) fn wait(owner: AnyNode) -> impl Future<Output = Result<Instant, FrameError>> + 'static {
    let begun = begin(owner);
    async move {
        let Some(node) = begun else {
            owner.sleep(crate::millis(0)).await?; // says how it ended
            return Err(FrameError::NoFrames);
        };
        Ok(until(*node, "frame", |frame| frame.at.get()).await?)
    }
}

#[track_caller]
fn begin(owner: AnyNode) -> Option<Owned<Frame>> {
    let page = page_of(owner).ok()?;
    let (at, told) = (Rc::new(Cell::new(None)), Told::default());
    let (drawn, tells) = (at.clone(), told.clone());
    let draw = Closure::new(move |ms| {
        drawn.set(Some(instant_of_millis(ms)));
        hear(&page, || tells.notify());
    });
    let request = sys::request_animation_frame(&draw).ok()?;
    let node = owner.try_insert(Frame { request, at, _draw: draw }).ok()?.named("frame");
    told.is(*node);
    Some(node.owned())
}
