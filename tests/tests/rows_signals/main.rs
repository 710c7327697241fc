//! Rows E19 to E24 of the original: signals. A program of its own without the test harness, for signals go to the whole process, and two
//! threads that take signals at the same time have no order.

#[cfg(target_os = "linux")]
mod delivery;
#[cfg(target_os = "linux")]
mod disposition;
#[cfg(target_os = "linux")]
#[path = "../laws_signals/harness.rs"]
mod harness;
#[cfg(target_os = "linux")]
mod registration;
#[cfg(target_os = "linux")]
#[path = "../laws_signals/send.rs"]
mod send;

fn main() {
    #[cfg(target_os = "linux")]
    harness::run(&[delivery::ALL, registration::ALL].concat());
}
