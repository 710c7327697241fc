//! Attacks on the tree, each a test: what safe code can do at the worst moment must end in a known order, with every value dropped
//! once. Run natively, under Miri and under the sanitizers; sizes shrink under Miri.

mod depth;
mod ends;
mod free;
mod handles;
mod hooks;
mod leaks;
mod limits;
mod news;
mod own_poll;
mod panics;
mod pinned;
mod requests;
mod scopes;
mod threads;
mod trace;
mod tree_end;
mod wakers;
mod woken;
