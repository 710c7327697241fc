//! The other side of the WebSocket tests, on the native host: a [`Server`] that behaves as the path of its client says, for browsers as
//! well, and [`NativeSockets`], the client of the conformance suite. The program of this package runs a server alone.
#![cfg(target_os = "linux")]

mod behaviour;
mod client;
mod head;
mod server;

pub use client::{NativeSocket, NativeSockets};
pub use server::Server;
