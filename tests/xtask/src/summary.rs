//! The table at the end.

use crate::outcome::{Outcome, Verdict};
use crate::step;
use crate::tally::Tally;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What was done so far.
#[derive(Debug)]
pub(crate) struct Summary {
    begin: Instant,
    outcomes: Vec<Outcome>,
}

impl Summary {
    /// Nothing yet; the clock runs.
    #[must_use]
    pub(crate) fn new() -> Summary {
        Summary { begin: Instant::now(), outcomes: Vec::new() }
    }

    /// Adds what a step has told already.
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// Tells it and adds it.
    pub(crate) fn tell(&mut self, outcome: Outcome) {
        step::tell(&outcome);
        self.add(outcome);
    }

    /// Prints the table and, alone on the last line, the sum of the tests.
    #[must_use]
    pub(crate) fn finish(&self) -> ExitCode {
        println!("\n{}", self.table());
        let sum = self.sum();
        println!("{} passed, {} failed", sum.passed, sum.failed);
        if self.outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::Failed(_))) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    /// The tests of all steps. A step that failed without naming a test (it did not compile, it was killed) counts as one.
    fn sum(&self) -> Tally {
        let mut sum = Tally::default();
        for outcome in &self.outcomes {
            sum += outcome.tally;
            if matches!(outcome.verdict, Verdict::Failed(_)) && outcome.tally.failed == 0 {
                sum.failed += 1;
            }
        }
        sum
    }

    fn table(&self) -> String {
        let width = self.outcomes.iter().map(|outcome| outcome.name.chars().count()).max().unwrap_or(0);
        let rows = self.outcomes.iter().map(|outcome| row(outcome, width));
        let total = format!("{:<width$}  {:>8}", "all", seconds(self.begin.elapsed()));
        rows.chain([total]).collect::<Vec<_>>().join("\n")
    }
}

fn row(outcome: &Outcome, width: usize) -> String {
    let tests = match outcome.tally {
        Tally { passed: 0, failed: 0 } => String::new(),
        Tally { passed, failed: 0 } => format!("{passed} tests"),
        Tally { passed, failed } => format!("{passed} tests, {failed} failed"),
    };
    let verdict = match &outcome.verdict {
        Verdict::Passed => "ok".to_owned(),
        Verdict::Failed(failure) => format!("FAILED   {}", failure.what()),
        Verdict::Skipped(reason) => format!("skipped  {}", reason.replace('\n', " ")),
    };
    let line = format!("{:<width$}  {:>8}  {verdict:<8} {tests}", outcome.name, seconds(outcome.took));
    line.trim_end().to_owned()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn outcome(name: &str, verdict: Verdict, tally: Tally) -> Outcome {
        Outcome { name: name.to_owned(), verdict, took: Duration::from_millis(1500), tally }
    }

    #[test]
    fn a_step_that_failed_without_a_test_counts_as_one() {
        let mut summary = Summary::new();
        summary.add(outcome("native", Verdict::Passed, Tally { passed: 7, failed: 0 }));
        summary.add(outcome("fmt", Verdict::Failed(Failure::new("x").cure("cargo fmt")), Tally::default()));
        summary.add(outcome("wasm", Verdict::Failed(Failure::new("y")), Tally { passed: 1, failed: 2 }));
        summary.add(outcome("miri", Verdict::Skipped("no nightly".to_owned()), Tally::default()));
        assert_eq!(summary.sum(), Tally { passed: 8, failed: 3 });
        let table = summary.table();
        assert!(table.starts_with("native     1.5 s  ok       7 tests\nfmt        1.5 s  FAILED   x\n"), "{table}");
        assert!(table.contains("miri       1.5 s  skipped  no nightly\n"), "{table}");
    }
}
