//! What the tree asks of the allocator: nothing per event once it is warm, the same after every round as after the first, nothing large
//! that outlives its node, and no more per node than promised.
//!
//! Sizes are those of a debug build; a release build makes rounds of a million.
#![cfg(not(miri))]

mod bytes;
mod counting;
mod large;
mod rounds;
mod steady;
