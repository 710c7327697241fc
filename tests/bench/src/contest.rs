//! A contestant's `main`.

use std::process::ExitCode;

use crate::{Arguments, Outcome};

/// What a contestant can be asked to do: its name, and how it is run.
#[derive(Clone, Copy, Debug)]
pub struct Workload(pub &'static str, pub fn(&Arguments) -> Outcome);

/// Answers the command line with one of `workloads`.
#[must_use]
pub fn contest(workloads: &[Workload]) -> ExitCode {
    let mut words = std::env::args().skip(1);
    match words.next() {
        None => {
            eprintln!("usage: list | WORKLOAD [key=value ...]");
            return ExitCode::from(2);
        }
        Some(word) if word == "list" => workloads.iter().for_each(|Workload(name, _)| println!("{name}")),
        Some(word) => {
            let Some(Workload(_, run)) = workloads.iter().find(|Workload(name, _)| *name == word) else {
                eprintln!("this contestant has no workload {word}");
                return ExitCode::from(2);
            };
            println!("{}", run(&Arguments::parse(words)));
        }
    }
    ExitCode::SUCCESS
}
