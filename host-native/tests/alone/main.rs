//! Tests that need a process of their own: signals, limits and system calls belong to a process.
//!
//! Without arguments this runs every test, each in a new process of this same program; a word as argument chooses those whose name contains
//! it.

mod calls;
mod limits;
mod signals;
mod sys;
mod trees;

use std::process::{Command, ExitCode};

/// A test that hangs is killed after so many seconds.
const LIMIT_S: u32 = 120;

/// Name and body of a test; a body panics to fail.
type Test = (&'static str, fn());

fn tests() -> Vec<Test> {
    [signals::TESTS, trees::TESTS, limits::TESTS, calls::TESTS].concat()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--alone", name] => run_here(name),
        _ if arguments.iter().any(|argument| argument == "--list") => list(),
        _ => run_all(arguments.iter().find(|argument| !argument.starts_with('-'))),
    }
}

fn run_here(name: &str) -> ExitCode {
    let (_, body) = tests().into_iter().find(|(other, _)| *other == name).expect("a test of this name");
    sys::die_after(LIMIT_S);
    body();
    ExitCode::SUCCESS
}

fn list() -> ExitCode {
    for (name, _) in tests() {
        println!("{name}: test");
    }
    ExitCode::SUCCESS
}

fn run_all(filter: Option<&String>) -> ExitCode {
    let program = std::env::current_exe().expect("the path of this program");
    let chosen = tests().into_iter().filter(|(name, _)| filter.is_none_or(|filter| name.contains(filter.as_str())));
    let (mut passed, mut failed) = (0, 0);
    for (name, _) in chosen {
        let output = Command::new(&program).args(["--alone", name]).output().expect("a new process");
        if output.status.success() {
            passed += 1;
            println!("test {name} ... ok{}", String::from_utf8_lossy(&output.stdout).trim_end());
        } else {
            failed += 1;
            println!("test {name} ... FAILED ({})\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
    }
    println!("\ntest result: {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
