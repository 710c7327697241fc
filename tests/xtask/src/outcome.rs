//! How a step ended.

use crate::failure::Failure;
use crate::tally::Tally;
use std::time::Duration;

/// How a step ended, how long it took, and what its tests said.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was done.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// Wall time.
    pub(crate) took: Duration,
    /// The tests that ran in it.
    pub(crate) tally: Tally,
}

/// Whether a step did what it should.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It did.
    Passed,
    /// It did not, or could not be tried.
    Failed(Failure),
    /// It was not tried, for this reason.
    Skipped(String),
}

impl Outcome {
    /// A step that was not tried.
    #[must_use]
    pub(crate) fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Outcome {
        Outcome { name: name.into(), verdict: Verdict::Skipped(reason.into()), took: Duration::ZERO, tally: Tally::default() }
    }

    /// A check that xtask makes itself.
    #[must_use]
    pub(crate) fn of(name: impl Into<String>, result: Result<(), Failure>, took: Duration) -> Outcome {
        let verdict = match result {
            Ok(()) => Verdict::Passed,
            Err(failure) => Verdict::Failed(failure),
        };
        Outcome { name: name.into(), verdict, took, tally: Tally::default() }
    }

    /// Whether it did what it should.
    #[must_use]
    pub(crate) fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Passed)
    }

    /// The outcome as an error, for a step that others build on.
    ///
    /// # Errors
    /// The step failed or was not tried.
    pub(crate) fn needed(self) -> Result<(), Failure> {
        match self.verdict {
            Verdict::Passed => Ok(()),
            Verdict::Failed(failure) => Err(failure),
            Verdict::Skipped(reason) => Err(Failure::new(format!("{}: not tried, {reason}", self.name))),
        }
    }
}
