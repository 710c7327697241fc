//! What holds in a page and in a worker alike.

mod events;
mod failures;
mod frames;
pub(crate) mod js;
mod lateness;
mod leaks;
mod lifecycle;
mod lives;
pub(crate) mod peer;
mod promises;
mod socket_ends;
mod socket_lateness;
mod socket_limits;
mod sockets;
mod timers;
mod turns;
mod world;
