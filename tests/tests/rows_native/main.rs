//! Rows E of the original that need a real kernel: waiting, descriptors, threads. See `rows` for those that any host shows.
#![cfg(all(target_os = "linux", not(miri)))]

mod alone;
mod descriptors;
mod turning;
