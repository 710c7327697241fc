//! Process CPU time: other processes share the cores.

use rustix::time::{ClockId, clock_gettime};

/// What went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// CPU time of the process, in nanoseconds.
    pub cpu_ns: u64,
    /// Time on the wall, in nanoseconds.
    pub wall_ns: u64,
}

/// A running measurement.
#[derive(Debug)]
pub struct Stopwatch(Spent);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Spent { cpu_ns: clock_ns(ClockId::ProcessCPUTime), wall_ns: clock_ns(ClockId::Monotonic) })
    }

    /// What went by since the start.
    #[must_use]
    pub fn stop(&self) -> Spent {
        let Self(now) = Self::start();
        Spent { cpu_ns: now.cpu_ns - self.0.cpu_ns, wall_ns: now.wall_ns - self.0.wall_ns }
    }
}

fn clock_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
