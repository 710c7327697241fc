//! What the commands need beyond stable Rust, and how it is got: one file, one thing.
//!
//! Whether something is missing is asked of the file system or of `rustc --print`, never of a package manager, so that a set-up with
//! nothing to do takes milliseconds. Everything outside of `target/` is announced together, and asked for once.

pub(crate) mod apt;
pub(crate) mod bare_metal_target;
pub(crate) mod binaryen;
pub(crate) mod components;
pub(crate) mod miri;
pub(crate) mod npm;
pub(crate) mod rust_web;
pub(crate) mod rustup;
pub(crate) mod wasm_target;
pub(crate) mod wasm_tools;

use crate::consent::Consent;
use crate::failure::Failure;
use crate::outcome::{Outcome, Verdict};
use crate::place::Place;
use std::time::Instant;

/// Something outside of `target/` that a command needs.
pub(crate) trait Piece {
    /// What it is, in a few words.
    fn name(&self) -> String;

    /// Whether it has to be installed. Quick: files and `rustc --print` only.
    fn is_missing(&self, place: &Place) -> bool;

    /// The exact commands that will be run outside of `target/`.
    fn commands(&self) -> Vec<String>;

    /// Installs it.
    ///
    /// # Errors
    /// It could not be had; the message names the cure.
    fn install(&self, place: &Place) -> Result<(), Failure>;

    /// What is done in its place when it cannot be had; `None` if there is nothing.
    fn fallback(&self) -> Option<&'static str> {
        None
    }
}

/// Asks for what a later set-up will install, and says nothing if nothing is missing.
///
/// # Errors
/// The user declines.
pub(crate) fn agree(place: &Place, consent: Consent, pieces: &[&dyn Piece]) -> Result<(), Failure> {
    let missing = pieces.iter().filter(|piece| piece.is_missing(place));
    let commands: Vec<String> = missing.flat_map(|piece| piece.commands()).collect();
    if commands.is_empty() { Ok(()) } else { consent.to(&commands) }
}

/// Installs what is missing, and says nothing if nothing is.
///
/// # Errors
/// Only when the user declines. A piece that cannot be had is an outcome: failed, or skipped if there is a fallback.
pub(crate) fn prepare(place: &Place, consent: Consent, pieces: &[&dyn Piece]) -> Result<Vec<Outcome>, Failure> {
    let missing: Vec<&&dyn Piece> = pieces.iter().filter(|piece| piece.is_missing(place)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let commands: Vec<String> = missing.iter().flat_map(|piece| piece.commands()).collect();
    consent.to(&commands)?;
    Ok(missing.into_iter().map(|piece| install(place, *piece)).collect())
}

fn install(place: &Place, piece: &dyn Piece) -> Outcome {
    let begin = Instant::now();
    let result = piece.install(place).and_then(|()| match piece.is_missing(place) {
        false => Ok(()),
        true => Err(Failure::new(format!("{}: still missing, although its installation says that all is well", piece.name()))),
    });
    let mut outcome = Outcome::of(format!("set-up: {}", piece.name()), result, begin.elapsed());
    if let (Verdict::Failed(failure), Some(fallback)) = (&outcome.verdict, piece.fallback()) {
        outcome.verdict = Verdict::Skipped(format!("{failure}\n  instead: {fallback}"));
    }
    outcome
}
