//! `cargo xtask test`: sets up and runs the parts that were asked for.

use crate::arguments::Part;
use crate::commands::{daemon, native, page_tests, sanitize, wasm};
use crate::consent::Consent;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup::{self, Piece};
use crate::summary::Summary;
use std::process::ExitCode;

/// Runs the parts and prints the table.
///
/// # Errors
/// The user declined an installation. Whatever fails is in the table instead.
pub(crate) fn run(place: &Place, consent: Consent, parts: &[Part]) -> Result<ExitCode, Failure> {
    let mut summary = Summary::new();
    let pieces: Vec<Box<dyn Piece>> = parts.iter().flat_map(|part| needs(*part)).collect();
    let pieces: Vec<&dyn Piece> = pieces.iter().map(|piece| &**piece).collect();
    for outcome in setup::prepare(place, consent, &pieces)? {
        summary.tell(outcome);
    }
    for part in parts {
        run_part(place, *part, &mut summary);
    }
    Ok(summary.finish())
}

/// What a part needs outside of `target/`.
#[must_use]
pub(crate) fn needs(part: Part) -> Vec<Box<dyn Piece>> {
    match part {
        Part::Native => Vec::new(),
        Part::Wasm => wasm::needs(),
        Part::Daemon => daemon::needs(),
        Part::Page => page_tests::needs(),
        Part::Sanitize => sanitize::needs(),
    }
}

/// Runs a part that is set up.
pub(crate) fn run_part(place: &Place, part: Part, summary: &mut Summary) {
    match part {
        Part::Native => native::run(place, summary),
        Part::Wasm => wasm::run(place, summary),
        Part::Daemon => daemon::run(place, summary),
        Part::Page => page_tests::run(place, summary),
        Part::Sanitize => sanitize::run_all(place, summary),
    }
}
