//! The contestants of `cargo xtask bench wasm` that are written in Rust. `page/bench.js` calls them in turns with JavaScript's own, and
//! tells the bench's runner what came out.
//!
//! Each takes its time inside, so that what happens once in a call is not in it, counts what it did, and is no figure if that is wrong.
#![cfg(target_family = "wasm")]

mod hamadryad;
mod measured;
mod spawn_local;
mod yield_once;

pub use hamadryad::Hamadryad;
pub use measured::Measured;
pub use spawn_local::{spawn_local_one, spawn_local_outstanding};
