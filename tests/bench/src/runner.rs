//! Builds the contestants, measures each of them at every workload, prints one table with ratios and the bars, and writes the figures.

mod bar;
mod builder;
mod contestant;
mod figures;
mod instrument;
mod json;
mod launch;
mod metric;
mod options;
mod page;
mod session;
mod table;
mod wasm;
mod wasm_size;
mod workload;

use std::process::ExitCode;

use options::{Options, OptionsError};
use session::Session;

/// Does what the command line says.
pub(crate) fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(OptionsError::HelpAsked) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    let mut session = Session::new(&options);
    session.measure();
    print!("{}", table::render(session.figures(), session.skipped()));
    if let Some(file) = &options.json {
        if let Err(error) = std::fs::write(file, json::render(session.figures())) {
            eprintln!("cannot write {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
        eprintln!("figures written to {}", file.display());
    }
    ExitCode::SUCCESS
}
