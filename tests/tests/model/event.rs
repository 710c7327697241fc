//! What can be seen from outside, in order.

use hamadryad::{Freed, InsertRefused, ReparentError};

/// A result, or a call of user code by the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A hook is asked, for the `call`th time.
    Asked {
        node: usize,
        call: u64,
    },
    Dropped {
        node: usize,
    },
    Lent {
        node: usize,
    },
    /// A constructor is called.
    Building {
        node: usize,
    },
    Inserted {
        node: usize,
    },
    Refused {
        stale: bool,
    },
    ConstructorPanicked {
        node: usize,
    },
    Gone {
        node: usize,
        survivors: usize,
    },
    Kept {
        node: usize,
    },
    AlreadyEnding {
        node: usize,
    },
    FreeOfStale {
        node: usize,
    },
    Moved {
        node: usize,
        owner: usize,
    },
    WouldCycle {
        node: usize,
    },
    MoveOfEnding {
        node: usize,
    },
    MoveOfStale {
        node: usize,
    },
    Busy {
        node: usize,
    },
    LendOfStale {
        node: usize,
    },
    Took {
        node: usize,
    },
    /// Lent, ending, kept by a hook or taken over by a nested free.
    NotTaken {
        node: usize,
    },
}

impl Event {
    pub(crate) const KINDS: usize = 19;

    pub(crate) fn freed(node: usize, freed: Freed) -> Event {
        match freed {
            Freed::Gone { survivors } => Event::Gone { node, survivors },
            Freed::Kept => Event::Kept { node },
            Freed::AlreadyEnding => Event::AlreadyEnding { node },
            Freed::Stale => Event::FreeOfStale { node },
        }
    }

    pub(crate) fn refused(reason: InsertRefused) -> Event {
        match reason {
            InsertRefused::Stale => Event::Refused { stale: true },
            InsertRefused::Ending => Event::Refused { stale: false },
            InsertRefused::OutOfMemory => panic!("there is memory"),
        }
    }

    pub(crate) fn moved(node: usize, owner: usize, moved: Result<(), ReparentError>) -> Event {
        match moved {
            Ok(()) => Event::Moved { node, owner },
            Err(ReparentError::WouldCycle) => Event::WouldCycle { node },
            Err(ReparentError::Ending) => Event::MoveOfEnding { node },
            Err(ReparentError::Stale) => Event::MoveOfStale { node },
            Err(ReparentError::OtherTree) => panic!("there is one tree"),
        }
    }

    /// A number for each variant.
    pub(crate) fn kind(self) -> usize {
        match self {
            Event::Asked { .. } => 0,
            Event::Dropped { .. } => 1,
            Event::Lent { .. } => 2,
            Event::Building { .. } => 3,
            Event::Inserted { .. } => 4,
            Event::Refused { .. } => 5,
            Event::ConstructorPanicked { .. } => 6,
            Event::Gone { .. } => 7,
            Event::Kept { .. } => 8,
            Event::AlreadyEnding { .. } => 9,
            Event::FreeOfStale { .. } => 10,
            Event::Moved { .. } => 11,
            Event::WouldCycle { .. } => 12,
            Event::MoveOfEnding { .. } => 13,
            Event::MoveOfStale { .. } => 14,
            Event::Busy { .. } => 15,
            Event::LendOfStale { .. } => 16,
            Event::Took { .. } => 17,
            Event::NotTaken { .. } => 18,
        }
    }
}
