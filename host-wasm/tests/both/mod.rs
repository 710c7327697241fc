//! What holds in a page and in a worker alike.

mod events;
mod failures;
mod frames;
pub(crate) mod js;
mod lateness;
mod lifecycle;
mod lives;
mod promises;
mod timers;
mod turns;
mod world;
