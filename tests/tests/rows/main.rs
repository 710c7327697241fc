//! What became of each row of the original (talloc, tevent, tevent_req): a test per row that shows the decided behaviour, named after it.
//! Here are those that any host shows, on the simulated one; `rows_native` has those with fds, `rows_signals` those with signals.

mod events;
mod requests;
mod trace;
mod tree;
