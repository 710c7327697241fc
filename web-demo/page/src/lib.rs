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

mod ended;
mod front;
mod grove;
mod hold;
mod link;
mod lookups;
mod page;
mod panic;
mod records;
mod rows;
mod simulated;
mod way;

pub use front::Front;
pub use page::Page;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::cell::TalcSyncCell<talc::wasm::WasmGrowAndClaim, talc::wasm::WasmBinning> =
    talc::cell::TalcSyncCell::new_wasm(talc::wasm::WasmGrowAndClaim);
