//! The real daemon, asked by a real client.

#![cfg(not(target_family = "wasm"))]
#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod dig;
mod life;
mod load;
mod running;
mod wire;
mod zone;
