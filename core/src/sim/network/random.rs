/// The network's own randomness: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Good enough to
/// toss coins, and eight bytes.
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn seeded(seed: u64) -> Random {
        Random { state: seed }
    }

    /// Evenly spread over `0..=most`.
    pub(super) fn up_to(&mut self, most: u64) -> u64 {
        let spread = u128::from(self.next()) * (u128::from(most) + 1);
        (spread >> 64) as u64
    }

    /// True in that share of the calls. Draws nothing when the answer is certain, so that a lossless network stays as it was when a
    /// program sends one message more.
    pub(super) fn happens(&mut self, share: Share) -> bool {
        match share.0 {
            0 => false,
            Share::WHOLE => true,
            threshold => self.next() >> 32 < threshold,
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// A probability, in parts of 2³², so that a coin is tossed without floating point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share(u64);

impl Share {
    const WHOLE: u64 = 1 << 32;

    /// # Panics
    ///
    /// When `share` is not within `0.0..=1.0`.
    #[track_caller]
    pub(super) fn new(share: f64) -> Share {
        assert!((0.0..=1.0).contains(&share), "a share lies between 0.0 and 1.0, not {share}");
        Share((share * Share::WHOLE as f64) as u64)
    }
}
