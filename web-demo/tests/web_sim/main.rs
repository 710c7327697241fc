//! The daemon's web side in virtual time: every limit, to the millisecond, over streams that live in memory.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod client;
mod dns;
mod files;
mod frames;
mod gate;
mod http;
mod pipe;
mod socket;
mod tree;
mod world;
