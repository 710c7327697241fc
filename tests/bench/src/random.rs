//! Random numbers, the same for every contestant.

use std::time::Duration;

/// Marsaglia's xorshift64, with the seed and the draws of `c/contestant.h`.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(88_172_645_463_325_252)
    }
}

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The numbers below `n` in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (2..=n).rev() {
            let j = (self.draw() % i as u64) as usize;
            order.swap(i - 1, j);
        }
        order
    }

    /// Delays from 10 to 1,010 seconds: none falls due while it is measured.
    pub fn delays(&mut self, n: usize) -> Vec<Duration> {
        (0..n).map(|_| Duration::from_millis(10_000 + self.draw() % 1_000_000)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_has_every_number_once_and_is_not_in_order() {
        let order = Random::default().permutation(100);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_ne!(order, sorted);
    }

    #[test]
    fn delays_lie_between_10_and_1010_seconds() {
        let delays = Random::default().delays(1000);
        assert!(delays.iter().all(|delay| (10..1010).contains(&delay.as_secs())));
    }
}
