//! What holds in a page and in a worker alike.

mod failures;
pub(crate) mod js;
mod lateness;
mod lives;
mod timers;
mod turns;
mod world;
