//! The real daemon, asked by a real client.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod dig;
#[path = "../web_sim/frames.rs"]
#[expect(dead_code, reason = "the tests in virtual time look at more")]
mod frames;
mod http;
mod life;
mod load;
mod running;
mod web;
mod web_load;
mod wire;
mod zone;
