//! [`Ready`]: what a source can be ready for.

/// What a source is ready for: a set of bits, those of poll(2), so that a host there has nothing to translate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const NONE: Ready = Ready(0);
    /// Something can be read.
    pub const READABLE: Ready = Ready(1);
    /// Something can be written.
    pub const WRITABLE: Ready = Ready(4);
    /// An error is pending. Errors and hang-ups reach every watcher, whatever it wants (law 23).
    pub const ERROR: Ready = Ready(8);
    /// The other side has hung up.
    pub const HANGUP: Ready = Ready(16);

    /// What reaches every watcher.
    pub(crate) const ALWAYS: Ready = Ready(8 | 16);
    pub(crate) const ALL: Ready = Ready(1 | 4 | 8 | 16);

    /// What of these bits of poll(2) it knows.
    pub const fn from_poll_bits(bits: u32) -> Ready {
        Ready(bits as u8 & Ready::ALL.0)
    }

    /// Whether all of `other` is in it.
    #[inline]
    pub const fn contains(self, other: Ready) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether something of `other` is in it.
    pub const fn intersects(self, other: Ready) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// It, but for `other`.
    pub const fn without(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl core::ops::BitOr for Ready {
    type Output = Ready;
    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl core::ops::BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        self.0 |= other.0;
    }
}

impl core::ops::BitAnd for Ready {
    type Output = Ready;
    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}
