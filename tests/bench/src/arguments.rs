//! What a contestant is asked for.

/// The `key=value` pairs behind a workload's name.
#[derive(Clone, Debug, Default)]
pub struct Arguments(Vec<(String, u64)>);

impl Arguments {
    /// Takes the pairs whose value is a number; what else stands there is not for this contestant.
    #[must_use]
    pub fn parse(words: impl Iterator<Item = String>) -> Self {
        let pair = |word: String| {
            let (key, value) = word.split_once('=')?;
            Some((key.to_owned(), value.parse().ok()?))
        };
        Self(words.filter_map(pair).collect())
    }

    /// The value of `key`, or `otherwise`.
    #[must_use]
    pub fn number(&self, key: &str, otherwise: u64) -> u64 {
        self.0.iter().find(|(name, _)| name == key).map_or(otherwise, |(_, value)| *value)
    }

    /// How often: the key `rounds`.
    #[must_use]
    pub fn rounds(&self, otherwise: u64) -> u64 {
        self.number("rounds", otherwise)
    }

    /// How many at once: the key `n`.
    #[must_use]
    pub fn n(&self, otherwise: u64) -> usize {
        usize::try_from(self.number("n", otherwise)).expect("a count of things in memory fits into a usize")
    }

    /// Whether live bytes are asked for in place of time: the key `bytes`.
    #[must_use]
    pub fn bytes(&self) -> bool {
        self.number("bytes", 0) != 0
    }
}
