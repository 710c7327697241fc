//! What looks at a contestant from outside, and counts.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use hamadryad_bench::Outcome;

use super::{launch::launch, metric::Metric};

/// A counting tool, that was there when it was asked.
#[derive(Debug)]
pub(crate) enum Instrument {
    /// valgrind's cachegrind: user-space instructions, identical from run to run. It answers `ENOSYS` to system calls it does not know
    /// (`epoll_pwait2` among them), so a fallback may be what it counts.
    Cachegrind,
    /// A preloaded library that counts calls of malloc.
    Heap(PathBuf),
    /// strace: system calls of all threads, into this file. What the vDSO answers is none.
    Strace(PathBuf),
}

impl Instrument {
    /// What it counts.
    pub(crate) fn metric(&self) -> Metric {
        match self {
            Self::Cachegrind => Metric::Instructions,
            Self::Heap(_) => Metric::Allocations,
            Self::Strace(_) => Metric::Syscalls,
        }
    }

    /// What a run of `program` cost per operation more than a shorter one: whatever happens once in each is not in it.
    pub(crate) fn count(&self, program: &Path, runs: &[Vec<String>; 2]) -> Result<f64, String> {
        let [(few, few_ops), (many, many_ops)] = [self.count_run(program, &runs[0])?, self.count_run(program, &runs[1])?];
        if many_ops <= few_ops {
            return Err("the larger run did not do more".to_owned());
        }
        Ok((many as f64 - few as f64) / (many_ops - few_ops) as f64)
    }

    fn count_run(&self, program: &Path, words: &[String]) -> Result<(u64, u64), String> {
        let mut command = match self {
            Self::Cachegrind => {
                let mut command = Command::new("valgrind");
                command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]).arg(program);
                command
            }
            Self::Heap(library) => {
                let mut command = Command::new(program);
                command.env("LD_PRELOAD", library);
                command
            }
            Self::Strace(file) => {
                let mut command = Command::new("strace");
                command.args(["-f", "-c", "-o"]).arg(file).arg(program);
                command
            }
        };
        command.args(words);
        let written = launch(command)?;
        let outcome = Outcome::parse(&written.stdout).map_err(|error| error.to_string())?;
        let count = match self {
            Self::Cachegrind => instructions(&written.stderr),
            Self::Heap(_) => written.stderr.lines().find_map(|line| line.strip_prefix("heap allocations=")?.parse().ok()),
            Self::Strace(file) => std::fs::read_to_string(file).ok().map(|table| system_calls(&table)),
        };
        Ok((count.ok_or_else(|| format!("no count of {} was printed", self.metric().name()))?, outcome.ops))
    }
}

/// From cachegrind's summary: `==7== I   refs:      1,234`.
fn instructions(summary: &str) -> Option<u64> {
    let line = summary.lines().find(|line| line.contains(" I ") && line.contains("refs:"))?;
    line.rsplit(':').next()?.trim().replace(',', "").parse().ok()
}

/// From strace's table: a system call a line, its count in the fourth column. (The line of totals has columns of its own.)
fn system_calls(table: &str) -> u64 {
    let calls = |line: &str| {
        let mut columns = line.split_whitespace();
        let is_row = columns.next()?.parse::<f64>().is_ok() && !line.ends_with(" total");
        columns.nth(2).filter(|_| is_row)?.parse::<u64>().ok()
    };
    table.lines().filter_map(calls).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_are_read() {
        assert_eq!(instructions("==7== \n==7== I   refs:      1,234,567\n"), Some(1_234_567));
        assert_eq!(instructions("==7== I refs:        89\n"), Some(89));
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n \
                     50.00    0.000100           1        80           read\n \
                     50.00    0.000100           1        20         3 write\n\
                     ------ ----------- ----------- --------- --------- ----------------\n\
                     100.00    0.000200           2       100         3 total\n";
        assert_eq!(system_calls(table), 100);
    }
}
