//! Where nodes live: slots that are never unmapped, chunks for their values, and the one way from a handle to both.
//!
//! ```text
//!  page (16 KiB, aligned to its size)            slot, 96 bytes            wide slot, 160 bytes (requests, scopes, immediates)
//!  ┌──────────────────────────────┐              ┌────────────────────┐    ┌────────────────────┐
//!  │ header: tree, shared, serial │              │ generation       8 │    │ slot            96 │
//!  │ slot 0                       │              │ state, counts    8 │    │ word, deadline   8 │
//!  │ slot 1                       │              │ four links      32 │    │ queue links     16 │
//!  │ …                            │              │ kind, data      16 │    │ told            24 │
//!  └──────────────────────────────┘              │ name, place     16 │    │ runs, turn       8 │
//!  a page belongs to one tree at a time          │ birth, extras   16 │    │ inject link      8 │
//!  and is handed on through the pool             └────────────────────┘    └────────────────────┘
//! ```
//!
//! A handle is a slot's address and the generation it had; odd generations are alive, even ones are not. Since slots are never
//! unmapped and generations only grow, a handle can be checked at any time, from any thread, after its tree is gone; and a stale one
//! may look at the place, which is atomic, too. All other fields are the owner thread's and are looked at only after that check.

mod chunk;
mod ext;
mod generation;
mod kind;
mod lists;
mod page;
mod place;
#[cfg_attr(all(target_family = "wasm", not(target_feature = "atomics")), path = "one_thread_pool.rs")]
mod pool;
mod slot;
#[cfg_attr(target_family = "wasm", path = "slot_pointer.rs")]
mod slot_index;
mod source_cell;
pub(crate) mod value;

pub(crate) use chunk::{Chunks, bytes_of};
pub(crate) use ext::{Limit, Told, Waiter};
pub(crate) use generation::{Generation, Serial, widened};
pub(crate) use kind::{Class, Kind, KindEnd, KindOf, OnceCell, TimerCell, TimerHead, TimerRef, value_kind};
pub(crate) use lists::{Lists, Queue};
pub(crate) use page::{FirstPage, Pages};
pub(crate) use slot::{Flag, Slot, SlotRef, State, WideRef};
pub(crate) use slot_index::SlotIndex;
pub(crate) use source_cell::{LentCell, SourceCell, WatcherCell};

/// Where in the source something was made, or ended.
pub(crate) type Place = &'static core::panic::Location<'static>;
