//! How many tests passed and failed, as the test runners print it.

use std::ops::AddAssign;

/// Tests that passed and tests that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Passed.
    pub(crate) passed: u64,
    /// Failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// What one line of a test runner's output adds: libtest's and wasm-bindgen's begin with `test result: ok. 3 passed; 0 failed; …`,
    /// and node's end with a line for each sum, of which `ℹ pass 3`, `ℹ fail 0` and `ℹ cancelled 0` count.
    #[must_use]
    pub(crate) fn of_line(line: &str) -> Tally {
        if let Some(counts) = line.strip_prefix("test result: ") {
            return Tally { passed: number_before(counts, " passed"), failed: number_before(counts, " failed") };
        }
        let sum = line.strip_prefix("ℹ ").and_then(|sum| sum.trim_end().split_once(' '));
        let Some((word, number)) = sum.and_then(|(word, number)| Some((word, number.parse().ok()?))) else { return Tally::default() };
        match word {
            "pass" => Tally { passed: number, failed: 0 },
            "fail" | "cancelled" => Tally { passed: 0, failed: number },
            _ => Tally::default(),
        }
    }

    /// Whether no test ran.
    #[must_use]
    pub(crate) fn is_empty(self) -> bool {
        self == Tally::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_result_line_only() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        assert_eq!(Tally::of_line(line), Tally { passed: 12, failed: 3 });
        let line = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.10s\n";
        assert_eq!(Tally::of_line(line), Tally { passed: 1, failed: 0 });
        assert_eq!(Tally::of_line("ℹ pass 14\n"), Tally { passed: 14, failed: 0 });
        assert_eq!(Tally::of_line("ℹ fail 2\n"), Tally { passed: 0, failed: 2 });
        assert_eq!(Tally::of_line("ℹ cancelled 1"), Tally { passed: 0, failed: 1 });
        assert!(Tally::of_line("ℹ tests 16").is_empty() && Tally::of_line("ℹ duration_ms 12.5").is_empty());
        assert!(Tally::of_line("test law_07_a_stale_handle ... ok").is_empty());
        assert!(Tally::of_line("[x] test result: ok. 4 passed; 0 failed").is_empty(), "this is an echo: what was counted before");
    }
}
