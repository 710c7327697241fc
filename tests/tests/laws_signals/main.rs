//! Law 24, signals: a program of its own without the test harness, for signals go to the whole process.
//!
//! Called with names (or parts of them) it runs only those; `--list` names all.

#[cfg(target_os = "linux")]
mod harness;
#[cfg(target_os = "linux")]
mod law_24;
#[cfg(target_os = "linux")]
mod send;

fn main() {
    #[cfg(target_os = "linux")]
    harness::run(law_24::ALL);
}
