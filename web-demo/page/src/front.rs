//! [`Front`]: what the page's JavaScript is told.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The JavaScript side: an object with these methods. Each only takes a note of what it is told and calls nothing back.
    pub type Front;

    /// A lookup began. `id` names it in what follows; `by_hand` tells those that somebody typed from those of the clock.
    #[wasm_bindgen(method)]
    pub(crate) fn asked(this: &Front, id: u32, question: &str, by_hand: bool);

    /// A lookup ended: with a code, how long it took in milliseconds, the records or why there are none, and who was asked.
    #[wasm_bindgen(method)]
    pub(crate) fn answered(this: &Front, id: u32, rcode: &str, ms: u32, records: &str, way: &str);

    /// A lookup ended without an answer: its node, or one that it hung on, was freed.
    #[wasm_bindgen(method)]
    pub(crate) fn abandoned(this: &Front, id: u32);

    /// What the hold shows (see `Page::hold`): one word of `begins`, `answered`, `unanswered`, `over`, who it is about, and how many
    /// milliseconds its deadline had been over.
    #[wasm_bindgen(method)]
    pub(crate) fn held(this: &Front, what: &str, upstream: &str, late_ms: u32);

    /// The link to the daemon: `daemon` when it is there, `gone` when it is not, with the milliseconds until the next try and why.
    #[wasm_bindgen(method)]
    pub(crate) fn link(this: &Front, what: &str, ms: u32, why: &str);

    /// A message of the daemon's `/tree`: JSON, taken apart where it is shown.
    #[wasm_bindgen(method)]
    pub(crate) fn news(this: &Front, json: &str);

    /// A failure that the page contains.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Front, text: &str);
}
