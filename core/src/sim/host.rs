//! What the simulated world answers: a virtual clock and seeded randomness.

use crate::host::Host;
use crate::time::{Instant, WallClock};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;

/// The host of a [`Sim`](super::Sim).
pub struct SimHost {
    time: Cell<Instant>,
    random: Cell<u64>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// When every simulation begins: 2030-01-01 00:00 UTC.
const WALL_CLOCK_AT_START: u64 = 1_893_456_000 * 1_000_000_000;
/// The monotonic clock then: an hour, so that an instant before the start can be written.
const START: Instant = Instant::from_nanos(3_600 * 1_000_000_000);

impl SimHost {
    pub(super) fn seeded(seed: u64) -> SimHost {
        SimHost { time: Cell::new(START), random: Cell::new(seed), woken: Arc::new(Woken(AtomicBool::new(false))) }
    }

    pub(super) fn time(&self) -> Instant {
        self.time.get()
    }

    pub(super) fn set(&self, at: Instant) {
        self.time.set(at.max(self.time.get()));
    }

    /// Whether somebody woke the host since it was last asked.
    pub(super) fn take_wake(&self) -> bool {
        self.woken.0.swap(false, Ordering::AcqRel)
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    fn next(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Host for SimHost {
    fn now(&self) -> Instant {
        self.time.get()
    }

    fn wall_clock(&self) -> WallClock {
        WallClock::from_nanos(WALL_CLOCK_AT_START.saturating_add((self.time.get() - START).as_nanos() as u64))
    }

    fn fill_random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }

    fn schedule(&self, _: Option<Instant>) {}

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.woken))
    }
}

impl core::fmt::Debug for SimHost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SimHost").field("time", &self.time.get()).finish_non_exhaustive()
    }
}
