//! [`PlaceCell`]: a place in the source that every thread may look at.
#![expect(unsafe_code, reason = "a static reference kept in an atomic pointer")]

use super::Place;
use core::panic::Location;
use core::ptr;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Where something was made or freed. A stale handle asks for it while its slot may belong to another thread's tree, so it is atomic,
/// like the slot's generation, and costs as little.
pub(crate) struct PlaceCell(AtomicPtr<Location<'static>>);

impl PlaceCell {
    pub(super) const fn empty() -> PlaceCell {
        PlaceCell(AtomicPtr::new(ptr::null_mut()))
    }

    /// For the slot's owner.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<Place> {
        Self::reference(self.0.load(Relaxed))
    }

    /// For whoever has a handle: a slot's next tenant has a new generation before it has a place, so a generation that is found
    /// unchanged after this says that the place is not the next tenant's.
    pub(crate) fn look(&self) -> Option<Place> {
        Self::reference(self.0.load(Acquire))
    }

    #[inline(always)]
    pub(crate) fn set(&self, place: Option<Place>) {
        self.0.store(place.map_or(ptr::null_mut(), |place| ptr::from_ref(place).cast_mut()), Release);
    }

    fn reference(pointer: *mut Location<'static>) -> Option<Place> {
        // SAFETY: null, or from a `&'static Location` in `set`, the only writer; nobody ever writes through it.
        unsafe { pointer.cast_const().as_ref() }
    }
}
