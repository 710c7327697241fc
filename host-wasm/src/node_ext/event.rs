//! [`on_event`](super::NodeExt::on_event).

use crate::browser_host::{hear, page_of};
use crate::listener::Listener;
use crate::{AnyNode, OwnerError, Ready, SourceClass, sys};
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{OnceCell, RefCell};
use core::convert::Infallible;
use wasm_bindgen::JsCast;

/// Events that wait: more than one only if code of the tree dispatches them itself.
const EVENTS_WAITING_MAX: usize = 1_024;

#[track_caller]
pub(super) fn listen<R>(
    owner: AnyNode,
    target: &web_sys::EventTarget,
    name: &'static str,
    mut handler: impl FnMut(web_sys::Event) -> R + 'static,
) -> Result<AnyNode, OwnerError> {
    let page = page_of(owner)?;
    // The closure has to know its own node, which is made after it.
    let own_node = Rc::new(OnceCell::<AnyNode>::new());
    let (known_later, marked) = (own_node.clone(), own_node.clone());
    let target: sys::EventTarget = target.clone().unchecked_into();
    let made = owner.source_fn(SourceClass::Io, "event", move |_| {
        let waiting = Rc::new(RefCell::new(VecDeque::new()));
        let heard = waiting.clone();
        let listener = Listener::new(target, [name], move |event| {
            hear(&page, || {
                let mut heard = heard.borrow_mut();
                if heard.len() < EVENTS_WAITING_MAX {
                    heard.push_back(event);
                }
                if let Some(node) = marked.get() {
                    node.mark_ready(Ready::READABLE);
                }
            });
        });
        Ok::<_, Infallible>(move |_: Ready| {
            let _it_listens = &listener;
            let Some(node) = known_later.get() else { return };
            let count = waiting.borrow().len();
            // What the handler dispatches itself is for the next turn.
            for _ in 0..count {
                let Some(event) = waiting.borrow_mut().pop_front().filter(|_| node.is_alive()) else { return };
                handler(event.unchecked_into());
            }
        })
    });
    let node = made.map_err(|_| OwnerError::Freed)?.named(name);
    own_node.set(node).expect("it is set here only, once");
    Ok(node)
}
