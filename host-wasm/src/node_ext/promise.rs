//! [`await_promise`](super::NodeExt::await_promise).

use crate::browser_host::{hear, page_of};
use crate::listener::Listener;
use crate::waiting::{Told, until};
use crate::{AnyNode, Ended, Owned, OwnerError, sys};
use core::error::Error;
use core::fmt;
use wasm_bindgen::{JsCast, JsValue};

/// Why [`await_promise`](super::NodeExt::await_promise) gave no value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PromiseError {
    /// The promise was rejected, with this.
    Rejected(JsValue),
    /// The node that waited, or its owner, ended.
    Ended(Ended),
    /// The owner is in no browser's tree.
    WrongHost,
}

impl From<Ended> for PromiseError {
    fn from(ended: Ended) -> PromiseError {
        PromiseError::Ended(ended)
    }
}

/// Of a rejection, what JavaScript makes of it as text.
impl fmt::Display for PromiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PromiseError::Rejected(reason) => {
                f.write_str("rejected: ")?;
                f.write_str(&sys::text_of(reason))
            }
            PromiseError::Ended(ended) => ended.fmt(f),
            PromiseError::WrongHost => OwnerError::WrongHost.fmt(f),
        }
    }
}

impl Error for PromiseError {}

/// Where the promise leaves what it settled with.
///
/// A promise keeps its handlers until it settles, and nothing takes them back. So they are functions of JavaScript's own, bound to objects
/// of this node: both results are pushed to arrays, then an event is dispatched. The one closure of ours listens for that event, and is
/// taken off in time like every other; what settles later finds nobody.
struct Settled {
    _listener: Listener<sys::EventTarget, 1>,
    fulfilled: sys::Array,
    rejected: sys::Array,
}

const SETTLED: &str = "settled";

impl Settled {
    fn take(&self) -> Option<Result<JsValue, JsValue>> {
        match (self.fulfilled.length(), self.rejected.length()) {
            (0, 0) => None,
            (0, _) => Some(Err(self.rejected.at(0))),
            _ => Some(Ok(self.fulfilled.at(0))),
        }
    }
}

#[track_caller]
pub(super) fn wait(owner: AnyNode, promise: js_sys::Promise) -> impl Future<Output = Result<JsValue, PromiseError>> + 'static {
    let begun = begin(owner, promise.unchecked_into());
    async move {
        let node = match begun {
            Ok(node) => node,
            Err(OwnerError::WrongHost) => return Err(PromiseError::WrongHost),
            Err(OwnerError::Freed) => {
                owner.sleep(crate::millis(0)).await?; // says how it ended
                return Err(PromiseError::WrongHost);
            }
        };
        until(*node, "promise", Settled::take).await?.map_err(PromiseError::Rejected)
    }
}

#[track_caller]
fn begin(owner: AnyNode, promise: sys::Promise) -> Result<Owned<Settled>, OwnerError> {
    let page = page_of(owner)?;
    let (fulfilled, rejected) = (sys::Array::new(), sys::Array::new());
    let target = sys::EventTarget::new();
    let settled = sys::Event::new(SETTLED);
    let handled = promise.then_or(&sys::bound_push(&fulfilled), &sys::bound_push(&rejected));
    handled.then(&sys::bound_dispatch(&target, &settled));
    let told = Told::default();
    let tells = told.clone();
    let listener = Listener::new(target, [SETTLED], move |_| hear(&page, || tells.notify()));
    let made = owner.try_insert(Settled { _listener: listener, fulfilled, rejected });
    let node = made.map_err(|_| OwnerError::Freed)?.named("promise");
    told.is(*node);
    Ok(node.owned())
}
