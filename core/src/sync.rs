//! The atomics that threads share: the language's, or loom's when the model checker runs.

#[cfg(all(not(loom), any(not(target_family = "wasm"), target_feature = "atomics")))]
pub(crate) use core::sync::atomic::{AtomicBool, fence};
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering, fence};
