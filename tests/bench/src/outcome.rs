//! What one run of a contestant gave.

use std::fmt;

use crate::Spent;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Time of the measured rounds.
    Time(Spent),
    /// Live heap bytes of all the items together.
    Bytes(u64),
}

/// The result of a run. Its `Display` is the result line, which `parse` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How many operations were done, or items held.
    pub ops: u64,
    /// What they cost together.
    pub cost: Cost,
    /// How many callbacks, drops and right results there must have been.
    pub want: u64,
    /// How many were counted.
    pub got: u64,
}

/// Why what a contestant said is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeError {
    /// There is no complete result line.
    NoResult,
    /// Some callback did not run, or some result was wrong: the figure does not count.
    Wrong {
        /// How many there must have been.
        want: u64,
        /// How many there were.
        got: u64,
    },
}

impl fmt::Display for OutcomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResult => write!(f, "it printed no result"),
            Self::Wrong { want, got } => write!(f, "wrong: {got} callbacks and results were right, not {want}"),
        }
    }
}

impl std::error::Error for OutcomeError {}

impl Outcome {
    /// Reads the first result line of `output`.
    ///
    /// # Errors
    ///
    /// When there is none, or when it says that the work was not done.
    pub fn parse(output: &str) -> Result<Self, OutcomeError> {
        let line = output.lines().find_map(|line| line.strip_prefix("result ")).ok_or(OutcomeError::NoResult)?;
        let number = |key: &str| -> Result<u64, OutcomeError> {
            let value = line.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
            value.and_then(|value| value.parse().ok()).ok_or(OutcomeError::NoResult)
        };
        let cost = match number("bytes") {
            Ok(bytes) => Cost::Bytes(bytes),
            Err(_) => Cost::Time(Spent { cpu_ns: number("cpu_ns")?, wall_ns: number("wall_ns")? }),
        };
        let (want, got) = (number("want")?, number("got")?);
        if want != got {
            return Err(OutcomeError::Wrong { want, got });
        }
        Ok(Self { ops: number("ops")?, cost, want, got })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "result ops={} ", self.ops)?;
        match self.cost {
            Cost::Time(spent) => write!(f, "cpu_ns={} wall_ns={}", spent.cpu_ns, spent.wall_ns)?,
            Cost::Bytes(bytes) => write!(f, "bytes={bytes}")?,
        }
        write!(f, " want={} got={}", self.want, self.got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_read_back() {
        for cost in [Cost::Time(Spent { cpu_ns: 7, wall_ns: 8 }), Cost::Bytes(9)] {
            let outcome = Outcome { ops: 3, cost, want: 4, got: 4 };
            assert_eq!(Outcome::parse(&format!("noise\n{outcome}\n")), Ok(outcome));
        }
    }

    #[test]
    fn a_wrong_result_is_no_figure() {
        let outcome = Outcome { ops: 3, cost: Cost::Bytes(9), want: 4, got: 5 };
        assert_eq!(Outcome::parse(&outcome.to_string()), Err(OutcomeError::Wrong { want: 4, got: 5 }));
        assert_eq!(Outcome::parse("result ops=3"), Err(OutcomeError::NoResult));
    }
}
