//! One resolver, written once, that runs in a Linux daemon, in a browser page and in the simulator.
//!
//! [`Resolver`] is the heart: it asks several upstreams in turn, each for a short while, all of them for a longer one, and lets identical
//! questions share one request. It knows no operating system; what carries its messages is anything that implements
//! [`hamadryad::Connect`].
//!
//! [`Query`], [`Reply`] and [`Zone`] are the serving side, also portable. What only a Linux process has is in [`daemon`], and its
//! side for the page in [`web`].

// A page is smaller without the standard library: its panics alone, with their texts, would be a tenth of it.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod answer;
mod attempt;
mod data;
mod manners;
mod mnemonic;
mod outgoing;
mod query;
mod question;
mod records;
mod reply;
mod resolver;
mod text;
mod zone;

#[cfg(not(target_arch = "wasm32"))]
pub mod daemon;
#[cfg(not(target_arch = "wasm32"))]
mod let_others_run;
#[cfg(not(target_arch = "wasm32"))]
mod service;
#[cfg(not(target_arch = "wasm32"))]
mod upstream;
#[cfg(not(target_arch = "wasm32"))]
pub mod web;

pub use answer::Answer;
pub use attempt::{AskError, Attempt};
pub use data::Data;
pub use manners::{DELAY_MAX_MS, Manners, OutOfRange, Treatment};
pub use mnemonic::Mnemonic;
pub use query::{Head, OUR_SIZE, PLAIN_SIZE, Query, Rejected, Unanswerable};
pub use question::{NotAName, Question, add_name};
pub use reply::Reply;
pub use resolver::{Limits, ResolveError, Resolver, Upstream};
pub use text::Text;
pub use zone::{Found, OwnedRecord, SLOW, TXT_BYTES, Zone};
