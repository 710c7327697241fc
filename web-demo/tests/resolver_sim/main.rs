//! The resolver in virtual time: on the simulated network, every answer, silence, loss and partition is where the test put it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod answers;
mod sharing;
mod weather;
mod world;
