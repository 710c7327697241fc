//! Every command of this project: `cargo xtask help`.
//!
//! xtask sets up what a command needs, says each step with its exact command and how long it took, and fails with a message that names
//! the cure. It has one small dependency, so that it is built in a few seconds and the daemon is up soon after.

mod arguments;
mod commands;
mod consent;
mod environment;
mod failure;
mod outcome;
mod peer;
mod place;
mod processes;
mod setup;
mod step;
mod summary;
mod tally;

use arguments::{Arguments, Task};
use failure::Failure;
use place::Place;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\ncargo xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let arguments = Arguments::parse(lexopt::Parser::from_env())?;
    let place = Place::find()?;
    let consent = consent::Consent::new(arguments.yes);
    match arguments.task {
        Task::Help => {
            commands::help::print();
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo { open, daemon } => commands::demo::run(&place, consent, open, &daemon),
        Task::Page => commands::page::run(&place, consent),
        Task::PageBeside { detach, open, address } => commands::demo::beside(&place, detach, open, &address),
        Task::Test { parts } => commands::test::run(&place, consent, &parts),
        Task::Ci => commands::ci::run(&place, consent),
        Task::Bench { arguments } => commands::bench::run(&place, consent, &arguments),
    }
}
