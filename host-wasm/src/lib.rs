//! hamadryad in the browser: [`start`] gives a tree to the page or the worker, and [`PageTree`] one to a test.
//!
//! The tree, requests and timers are those of [`hamadryad`], which this crate re-exports: a page has one dependency.
//!
//! ```no_run
//! use hamadryad_wasm::prelude::*;
//!
//! // Called from the page's `#[wasm_bindgen(start)]` function.
//! fn main() {
//!     hamadryad_wasm::start(|root| {
//!         root.every(secs(1), || { /* look at the world */ }).named("tick");
//!         root.spawn("work", async move |me| me.sleep(millis(20)).await).timeout(secs(5)).detach();
//!         Ok(())
//!     });
//! }
//! ```
//!
//! # What the host does
//!
//! One `setTimeout`, armed anew only when the tree's earliest deadline changes, and one `MessageChannel` for "soon". Both exist in a
//! page, in a worker and in node. Turns run for at most [4 ms](BrowserHost) at a stretch, then the host hops through the channel, so
//! that rendering, input and other code never starve. A page has no `block_on`: nothing may wait there.
//!
//! # Panics
//!
//! On stable Rust a panic cannot be caught on wasm32: it traps, while JavaScript can still call into the half-done instance. So the
//! panic hook (feature `std`, on by default; without it [`report_panic`]) writes the path of the running request and the message to
//! the console, once, and closes that tree's host before the trap: every later timer, message or event of the tree returns at once.
//!
//! # Building a page
//!
//! A library of its own with `crate-type = ["cdylib"]` and two dependencies: this crate and `wasm-bindgen = "=0.2.130"`. Library and tool
//! must be of the same version, exactly; `cargo install wasm-bindgen-cli --version 0.2.130` brings the tool. Its function that is marked
//! `#[wasm_bindgen(start)]` runs when the page has loaded the module.
//!
//! ```text
//! rustup target add wasm32-unknown-unknown
//! cargo build --release --target wasm32-unknown-unknown
//! wasm-bindgen --target web --out-dir pkg target/wasm32-unknown-unknown/release/my_page.wasm
//! ```
//!
//! The page, from any server that knows `application/wasm` (of a `file:` a browser loads no modules):
//!
//! ```html
//! <script type="module">
//!   import init from "./pkg/my_page.js";
//!   await init();
//! </script>
//! ```
//!
//! With a bundler it is the same: vite finds the module by the `new URL("my_page_bg.wasm", import.meta.url)` in `pkg/my_page.js`, and
//! needs no plugin. `host-wasm/examples/web` and `host-wasm/examples/vite` are complete, each of a few lines, with their commands in
//! `Cargo.toml`. A page that is to be small sets `opt-level = "z"`, `lto = true`, `codegen-units = 1` and `panic = "abort"` in
//! `[profile.release]`, and runs `wasm-opt -Oz` (npm's `binaryen`) over `pkg/my_page_bg.wasm`; `tests/wasm-size` goes further. A server
//! with a Content-Security-Policy has to allow `script-src 'wasm-unsafe-eval'`.
//!
//! # Threads
//!
//! wasm32 without the `atomics` target feature has one thread, and this crate builds for nothing else in the browser. On other targets
//! it compiles, so that a workspace can be checked as a whole, and making a tree panics.

#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub use hamadryad::*;

mod alarm;
mod browser_host;
mod clock;
mod hop;
mod lateness;
mod listener;
pub mod net;
mod node_ext;
mod owner_error;
mod page;
mod page_tree;
mod pages;
mod single_thread;
mod small_allocator;
mod start;
mod sys;
mod tell;
mod trap;
mod waiting;

pub use browser_host::BrowserHost;
#[cfg(feature = "js-types")]
pub use node_ext::PromiseError;
pub use node_ext::{FrameError, Lifecycle, LifecycleStream, NodeExt};
pub use owner_error::OwnerError;
pub use page_tree::{PageEnded, PageTree};
pub use small_allocator::SmallAllocator;
pub use start::start;
pub use trap::{report_panic, report_panic_text};

/// What most programs need: `use hamadryad_wasm::prelude::*;`.
pub mod prelude {
    pub use crate::NodeExt;
    pub use hamadryad::prelude::*;
}
