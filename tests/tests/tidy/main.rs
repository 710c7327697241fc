//! What the eye forgets. Each message names the cure.
#![cfg(target_os = "linux")]

mod checkout;
mod complaints;
mod laws;
mod licences;
mod shape;
mod source;
mod unsafe_code;
mod versions;
mod words;
