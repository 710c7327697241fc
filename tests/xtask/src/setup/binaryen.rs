//! `wasm-opt`, from npm's `binaryen`, into `target/`: it makes the page a fifth smaller.

use super::npm;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::{Path, PathBuf};

/// What it is told, a word a line: the bench reads the same file. `--all-features` is not among them: Chromium rejects what comes of it.
pub(crate) const PASSES: &str = include_str!("../../../wasm-tools/wasm-opt-passes");

/// Fetches it, unless it is there.
///
/// # Errors
/// No npm, or its registry is out of reach.
pub(crate) fn wasm_opt(place: &Place) -> Result<PathBuf, Failure> {
    Ok(npm::install(place, "tests/wasm-tools", "npm")?.join("node_modules/.bin/wasm-opt"))
}

/// Makes a wasm file as small as it gets.
#[must_use]
pub(crate) fn optimise(place: &Place, wasm_opt: &Path, from: &Path, to: &Path) -> Step {
    Step::new(place, "as small as it gets (wasm-opt)", wasm_opt).words(PASSES).arg(from).arg("-o").arg(to)
}
