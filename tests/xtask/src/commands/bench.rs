//! `cargo xtask bench`: sets up the peers and calls the bench.

use crate::commands::page;
use crate::consent::Consent;
use crate::failure::Failure;
use crate::outcome::Verdict;
use crate::place::Place;
use crate::setup::apt::{self, Apt};
use crate::setup::wasm_target::WasmTarget;
use crate::setup::wasm_tools::WasmTools;
use crate::setup::{self, Piece, binaryen};
use crate::step;
use crate::step::Step;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

const SKIPPED: &str = "who needs it is skipped, and named";

/// Runs the bench with its own arguments.
///
/// # Errors
/// The user declined an installation, or the bench failed.
pub(crate) fn run(place: &Place, consent: Consent, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let tools = Apt::wants(&[apt::VALGRIND, apt::STRACE, apt::GCC, apt::MAKE], SKIPPED);
    let peers = Apt::wants(&apt::PEERS, SKIPPED);
    let node = Apt::wants(&[apt::NODE, apt::NPM], SKIPPED);
    let browser = Apt::wants(&[apt::CHROMIUM], SKIPPED);
    let pieces: [&dyn Piece; 5] = [&tools, &peers, &node, &browser, &WasmTarget];
    for outcome in setup::prepare(place, consent, &pieces)? {
        step::tell(&outcome);
    }
    let mut bench = Step::cargo(place, "bench", "run --release --locked --manifest-path")
        .arg(place.root().join("tests/bench/Cargo.toml"))
        .arg("--target-dir")
        .arg(place.target_for("bench"))
        .arg("--");
    for argument in arguments {
        bench = bench.arg(argument);
    }
    // What is measured in the page, and its size, need these; without them it is skipped.
    match WasmTools::build(place).and_then(|tools| Ok([tools.bindgen, binaryen::wasm_opt(place)?])) {
        Ok(programs) => {
            bench = bench.env("PATH", path_with(&programs));
            if weighs_the_page(arguments) {
                match page::build(place) {
                    Ok(folder) => bench = bench.env("HAMADRYAD_PAGE", folder),
                    Err(failure) => println!("    {failure}\n    the demo's page is not weighed"),
                }
            }
        }
        Err(failure) => println!("    {failure}\n    nothing in the page is measured"),
    }
    let outcome = bench.where_the_user_is().cure("what failed stands above").run();
    Ok(if matches!(outcome.verdict, Verdict::Passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the sizes are asked for: by their name, or since no group is named.
fn weighs_the_page(arguments: &[OsString]) -> bool {
    let named = |group: &str| arguments.iter().any(|argument| argument == group);
    let no_group = !["tree", "requests", "timers", "fds", "wasm"].into_iter().any(named);
    let help = ["--help", "-h", "help"].into_iter().any(named);
    named("size") || no_group && !help
}

/// `PATH` with the folders of these programs before all others.
fn path_with(programs: &[PathBuf]) -> OsString {
    let folders = programs.iter().filter_map(|program| program.parent().map(PathBuf::from));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(folders.chain(std::env::split_paths(&path))).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_built_to_be_weighed_only() {
        let weighs = |line: &str| weighs_the_page(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>());
        assert!(weighs("") && weighs("--quick") && weighs("size") && weighs("tree size"));
        assert!(!weighs("tree") && !weighs("wasm --quick") && !weighs("--help"));
    }
}
