//! Attacks on the tree, each a test: what safe code can do at the worst moment must end in a known order, with every value dropped
//! once. Run natively, under Miri and under the sanitizers; sizes shrink under Miri.

mod depth;
mod ended_twice;
mod ends;
mod first_runs;
mod free;
mod given_back;
mod handles;
mod hooks;
mod late_limits;
mod leaks;
mod limits;
mod news;
mod own_poll;
mod panics;
mod pinned;
mod relisted;
mod requests;
mod same_slot;
mod scopes;
mod threads;
mod trace;
mod tree_end;
mod wakers;
mod woken;
