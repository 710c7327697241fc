//! The serial number of a slot's tenants: odd while one lives there, even between two.

#[cfg(target_has_atomic = "64")]
mod width {
    pub(crate) type Serial = u64;
    pub(crate) use core::sync::atomic::AtomicU64 as Atomic;

    pub(crate) fn widened(serial: Serial) -> u64 {
        serial
    }

    pub(crate) fn narrowed(serial: u64) -> Serial {
        serial
    }
}
/// 32 bits where there are no 64-bit atomics: a slot that reaches the maximum is retired.
#[cfg(not(target_has_atomic = "64"))]
mod width {
    pub(crate) type Serial = u32;
    pub(crate) use core::sync::atomic::AtomicU32 as Atomic;

    pub(crate) fn widened(serial: Serial) -> u64 {
        u64::from(serial)
    }

    pub(crate) fn narrowed(serial: u64) -> Serial {
        serial as u32 // It came from `widened`.
    }
}

use core::sync::atomic::Ordering::Relaxed;
pub(crate) use width::{Serial, narrowed, widened};

/// A slot's generation. Atomic, because a stale handle may be checked by one thread while another thread's tree owns the slot;
/// relaxed, because a handle that matches is on the owner's thread.
pub(crate) struct Generation(width::Atomic);

impl Generation {
    /// The last even generation: whoever gets there stays vacant for ever.
    pub(crate) const RETIRED: Serial = Serial::MAX - 1;

    pub(crate) const fn vacant() -> Generation {
        Generation(width::Atomic::new(0))
    }

    pub(crate) fn now(&self) -> Serial {
        self.0.load(Relaxed)
    }

    /// Whether a tenant lives there.
    #[inline(always)]
    pub(crate) fn is_taken(&self) -> bool {
        !self.now().is_multiple_of(2)
    }

    /// The generation of the tenant, or of the last one.
    pub(crate) fn of_tenant(&self) -> Serial {
        self.now().wrapping_sub(1) | 1
    }

    /// A tenant moves in or out.
    pub(crate) fn advance(&self) {
        // Only the owner thread writes: no read-modify-write is needed.
        self.0.store(self.0.load(Relaxed) + 1, Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn set(&self, serial: Serial) {
        self.0.store(serial, Relaxed);
    }
}

#[cfg(all(test, feature = "sim"))]
mod tests {
    use super::*;
    use crate::node::AnyNode;
    use crate::sim::Sim;

    #[test]
    fn a_slot_at_its_last_generation_has_no_next_tenant() {
        let sim = Sim::seeded(1);
        let slot = sim.root().insert(1).slot;
        slot.generation.set(Generation::RETIRED - 1);
        let last = AnyNode::of(slot);
        assert!(last.is_alive());
        last.free();
        assert!(!last.is_alive() && slot.generation.now() == Generation::RETIRED);
        for _ in 0..1_000 {
            assert!(sim.root().insert(2).slot != slot, "a retired slot is never handed out");
        }
        drop(sim);
        let again = Sim::seeded(1);
        for _ in 0..1_000 {
            assert!(again.root().insert(3).slot != slot, "nor is it by the next tree of its page");
        }
    }
}
