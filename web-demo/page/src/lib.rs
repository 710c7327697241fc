//! The page: the daemon's resolver in a browser.
//!
//! [`Page`] is what JavaScript makes and holds. Below it is one tree:
//!
//! ```text
//! root
//! ├─ upstreams             those simulated in the page, if there is no daemon
//! ├─ shared questions      and below it every question that is asked right now
//! ├─ lookups               one a second, and those that somebody types
//! │  ├─ every second
//! │  └─ lookup www.example.test
//! ├─ daemon                the link to it, if there is one
//! ├─ grove                 as many more nodes as one likes to look at
//! └─ hold                  two lookups that outlive their deadlines
//! ```
//!
//! Rust decides what happens; JavaScript shows it. What passes between them is text and whole numbers ([`Front`], `rows`).

// Its own allocator and panic handler, and no standard library: a third of the page.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

mod boxed;
mod ended;
mod front;
mod grove;
mod hold;
mod link;
mod lookups;
mod page;
#[cfg(target_family = "wasm")]
mod panic;
mod records;
mod rows;
mod simulated;
mod way;

pub use front::Front;
pub use page::Page;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: hamadryad_wasm::SmallAllocator = hamadryad_wasm::SmallAllocator::new();
