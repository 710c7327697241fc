//! What the Rust contestants share with each other, and with the runner (`src/main.rs`) that reads their results.
//!
//! A contestant is a program, in C or Rust, that answers
//!
//! ```text
//! PROGRAM list                       its workloads, one a line
//! PROGRAM WORKLOAD key=value ...     one result line: see `Outcome`
//! ```
//!
//! One program for each, so that cachegrind and strace see one contestant alone. The keys are `rounds` (how often), `n` (how many at
//! once) and `bytes=1` (live bytes in place of time). All that happens outside of the stopwatch happens once, so that the difference of
//! two runs of different `rounds` is the cost of the operations alone. `c/contestant.h` is the same in C.

mod arguments;
mod contest;
mod heap;
mod hop;
mod outcome;
mod payload;
mod random;
mod stopwatch;
mod yield_once;

pub use arguments::Arguments;
pub use contest::{Workload, contest};
pub use heap::live_bytes;
pub use hop::HopRing;
pub use outcome::{Cost, Outcome, OutcomeError};
pub use payload::{Counted, KIDS, NODES, OTHERS, Plain, TOPS, dropped};
pub use random::Random;
pub use stopwatch::{Spent, Stopwatch};
pub use yield_once::yield_once;

/// After the measured rounds, a contestant of timers sets so many short ones …
pub const PROBES: usize = 100;
/// … of which it cancels all but these, which must fire, …
pub const PROBES_LEFT: usize = 10;
/// … so many milliseconds later.
pub const PROBE_MS: u64 = 1;
