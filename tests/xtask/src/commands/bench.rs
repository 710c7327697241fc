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
    let needs = Needs::of(arguments);
    let tools = Apt::wants(&[apt::VALGRIND, apt::STRACE, apt::GCC, apt::MAKE], SKIPPED);
    let peers = Apt::wants(&apt::PEERS, SKIPPED);
    let node = Apt::wants(&[apt::NODE, apt::NPM], SKIPPED);
    let browser = Apt::wants(&[apt::CHROMIUM], SKIPPED);
    let wanted: [(bool, &dyn Piece); 5] =
        [(needs.peers, &tools), (needs.peers, &peers), (needs.wasm, &node), (needs.browser, &browser), (needs.wasm, &WasmTarget)];
    let pieces: Vec<&dyn Piece> = wanted.into_iter().filter_map(|(is_needed, piece)| is_needed.then_some(piece)).collect();
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
    if needs.wasm {
        bench = with_wasm(place, needs, bench);
    }
    let outcome = bench.where_the_user_is().cure("what failed stands above").run();
    Ok(if matches!(outcome.verdict, Verdict::Passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The bench with what measures in the page, and its size; without that it is skipped.
fn with_wasm(place: &Place, needs: Needs, mut bench: Step) -> Step {
    match WasmTools::build(place).and_then(|tools| Ok([tools.bindgen, binaryen::wasm_opt(place)?])) {
        Ok(programs) => {
            bench = bench.env("PATH", path_with(&programs));
            if needs.page {
                match page::build(place) {
                    Ok(folder) => bench = bench.env("HAMADRYAD_PAGE", folder),
                    Err(failure) => println!("    {failure}\n    the demo's page is not weighed"),
                }
            }
        }
        Err(failure) => println!("    {failure}\n    nothing in the page is measured"),
    }
    bench
}

/// What the groups that are named have to be set up for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Needs {
    /// Compilers, libraries and counters for native peers.
    peers: bool,
    /// What builds a page.
    wasm: bool,
    /// What runs one.
    browser: bool,
    /// The demo's page.
    page: bool,
}

impl Needs {
    /// Without a group, all; and nothing to show the help, or why a command line is wrong.
    fn of(arguments: &[OsString]) -> Needs {
        let named = |word: &str| arguments.iter().any(|argument| argument == word);
        let native = ["tree", "requests", "timers", "fds"].into_iter().any(named);
        let help = ["--help", "-h", "help"].into_iter().any(named);
        let all = !native && !named("wasm") && !named("size") && !help;
        Needs {
            peers: native || all,
            wasm: named("wasm") || named("size") || all,
            browser: named("wasm") || all,
            page: named("size") || all,
        }
    }
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
    fn what_no_group_needs_is_not_set_up() {
        let needs = |line: &str| {
            let Needs { peers, wasm, browser, page } = Needs::of(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>());
            [peers, wasm, browser, page]
        };
        let (yes, no) = (true, false);
        assert_eq!(needs("--quick"), [yes, yes, yes, yes]);
        assert_eq!(needs("tree requests --quick"), [yes, no, no, no]);
        assert_eq!(needs("wasm"), [no, yes, yes, no]);
        assert_eq!(needs("size fds"), [yes, yes, no, yes]);
        assert_eq!(needs("--help"), [no, no, no, no]);
    }
}
