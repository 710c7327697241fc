//! A tree that an object of JavaScript's owns: what the object began ends with it.

use hamadryad_wasm::{PageTree, prelude::*};
use js_sys::Function;
use wasm_bindgen::prelude::*;

/// Counts down, a number every 100 ms. Its `free()` stops it, at once.
#[wasm_bindgen]
pub struct Countdown {
    _tree: PageTree,
}

#[wasm_bindgen]
impl Countdown {
    /// Calls `tell` with each number, down to 0.
    #[wasm_bindgen(constructor)]
    pub fn new(from: u32, tell: Function) -> Countdown {
        let tree = PageTree::new();
        let count = async move |me: AnyNode| {
            for number in (0..=from).rev() {
                tell.call1(&JsValue::NULL, &number.into()).expect("the page's function does not throw");
                me.sleep(millis(100)).await?;
            }
            Ok::<_, Ended>(())
        };
        tree.root().spawn("countdown", count).detach();
        Countdown { _tree: tree }
    }
}
