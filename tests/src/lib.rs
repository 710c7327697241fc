//! The conformance suite that every host of hamadryad passes.
//!
//! Each law of the design has tests here, named after it (`law_07_a_stale_handle_…`), written once and generic over
//! [`World`]: a host makes a world, runs the test's future in it, and writes an *emit* macro of a few lines that turns the lists
//! of this crate into `#[test]`s or `#[wasm_bindgen_test]`s:
//!
//! - [`everywhere!`]: on every host; time is a few real milliseconds, and order is asserted, never speed;
//! - [`where_panics_unwind!`]: on hosts that block and where a panic can be caught (not a page);
//! - [`in_virtual_time!`]: exact times and turns stepped by [`Hand`]; these need no host;
//! - [`on_every_transport!`]: what [`Connect`](hamadryad::Connect) and [`Channel`](hamadryad::Channel) promise, on each host that has a
//!   reliable [`Transport`].
//!
//! Tests compare whole [traces](Trace) and count destructors by [`Canary`].

mod by_hand;
mod canary;
pub mod channels;
pub mod compile_fail;
mod foreign_waker;
mod hand;
pub mod laws;
mod lists;
mod problem;
mod trace;
mod transport;
mod world;

pub use by_hand::{ByHand, polled, turn, turns, unwinds};
pub use canary::{Canary, OnDrop};
pub use foreign_waker::ForeignWaker;
pub use hand::{Hand, HandHost};
pub use problem::Problem;
pub use trace::Trace;
pub use transport::{Behaviour, Transport};
pub use world::{Blocking, SimWorld, World};
