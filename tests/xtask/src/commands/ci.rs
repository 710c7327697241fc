//! `cargo xtask ci`: all that must pass before a change is taken.

use crate::arguments::Part;
use crate::commands::{floors, sanitize, test};
use crate::consent::Consent;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup::bare_metal_target::BareMetalTarget;
use crate::setup::components::Components;
use crate::setup::wasm_target::Route;
use crate::setup::{self, Piece};
use crate::step::Step;
use crate::summary::Summary;
use std::process::ExitCode;

/// Runs everything, whatever fails, and prints the table.
///
/// # Errors
/// The user declined an installation.
pub(crate) fn run(place: &Place, consent: Consent) -> Result<ExitCode, Failure> {
    let mut summary = Summary::new();
    let mut pieces: Vec<Box<dyn Piece>> = vec![Box::new(Components), Box::new(BareMetalTarget)];
    pieces.extend(Part::USUAL.into_iter().flat_map(test::needs));
    pieces.extend(sanitize::needs_of_ci());
    let pieces: Vec<&dyn Piece> = pieces.iter().map(|piece| &**piece).collect();
    for outcome in setup::prepare(place, consent, &pieces)? {
        summary.tell(outcome);
    }
    lints(place, &mut summary);
    floors::run(place, &mut summary);
    for part in Part::USUAL {
        test::run_part(place, part, &mut summary);
    }
    sanitize::run_some(place, &mut summary);
    Ok(summary.finish())
}

/// Format, clippy and documentation.
fn lints(place: &Place, summary: &mut Summary) {
    summary.add(Step::cargo(place, "format", "fmt --all --check").cure("cargo fmt --all").run());
    let clippy = "clippy --locked --workspace --all-targets -- -D warnings";
    summary.add(Step::cargo(place, "clippy", clippy).run());
    // A crate and a lock file of its own: the workspace's clippy does not see it.
    let bench = "clippy --locked --all-features --all-targets --manifest-path tests/bench/Cargo.toml --target-dir";
    let stale = "what clippy says stands above; a stale lock file: cargo update --workspace --manifest-path tests/bench/Cargo.toml";
    let bench = Step::cargo(place, "clippy: bench", bench).arg(place.target_for("bench")).words("-- -D warnings");
    summary.add(bench.cure(stale).run());
    if let Some(route) = Route::find(place) {
        let (name, checker) =
            if route.has_clippy() { ("clippy: wasm", "clippy") } else { ("check: wasm (clippy is not to be had)", "check") };
        // The demo's page by itself: it has no standard library, which the others ask for.
        let parts = [
            ("", "-p hamadryad-wasm -p hamadryad-example-vite -p hamadryad-example-web --lib --tests"),
            (", page", "-p hamadryad-demo -p hamadryad-demo-page --lib"),
            (", bench", "--manifest-path tests/wasm-bench/Cargo.toml"),
        ];
        for (part, words) in parts {
            let step = route.cargo(place, &format!("{name}{part}"), checker).words("--locked").words(words);
            summary.add(if route.has_clippy() { step.words("-- -D warnings") } else { step }.run());
        }
    }
    let documentation = "doc --locked --workspace --no-deps --features hamadryad/sim";
    summary.add(Step::cargo(place, "documentation", documentation).env("RUSTDOCFLAGS", "-D warnings").run());
}
