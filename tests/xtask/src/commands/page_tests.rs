//! The page in headless Chromium, against the real daemon and without one; and the examples for users of host-wasm.

use crate::commands::{examples, native, page};
use crate::environment::{self, Scratch};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::place::Place;
use crate::setup::apt::{self, Apt};
use crate::setup::wasm_target::{Route, WasmTarget};
use crate::setup::wasm_tools::WasmTools;
use crate::setup::{Piece, npm};
use crate::step::Step;
use crate::summary::Summary;
use std::time::Instant;

const TESTS: &str = "tests/page";

/// The browser, what drives it, and the compiler's target.
#[must_use]
pub(crate) fn needs() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Apt::needs(&[apt::CHROMIUM, apt::NODE, apt::NPM])), Box::new(WasmTarget)]
}

/// Builds all that is looked at, and runs the tests.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    let begin = Instant::now();
    match prepare(place, summary) {
        Ok(Some((step, _scratch))) => summary.add(step.run()),
        Ok(None) => {} // what failed is in the table
        Err(failure) => summary.tell(Outcome::of("page", Err(failure), begin.elapsed())),
    }
}

fn prepare(place: &Place, summary: &mut Summary) -> Result<Option<(Step, Scratch)>, Failure> {
    let (route, tools) = (Route::needed(place)?, WasmTools::build(place)?);
    if !examples::build(place, &route, &tools, summary) {
        return Ok(None);
    }
    let page = page::build(place)?;
    let daemon = Step::cargo(place, "page: the daemon", "build --locked -p hamadryad-demo --bin hamadryad-demo");
    daemon.env("CARGO_TARGET_DIR", place.target()).run().needed()?;
    let packages = npm::install(place, TESTS, "npm-page")?;
    let chromium = environment::program("chromium")
        .ok_or_else(|| Failure::new("there is no chromium").cure("apt-get install --no-install-recommends chromium"))?;
    // Sockets and profiles of the browser.
    let scratch = Scratch::new("page")?;
    let step = Step::new(place, "page", "node").words("--test --test-reporter=spec --test-concurrency=1");
    let step = tests(place)?.into_iter().fold(step, Step::arg);
    let step = step
        .env("HAMADRYAD_PAGE", page)
        .env("HAMADRYAD_EXAMPLES", examples::folder(place))
        .env("HAMADRYAD_DAEMON", place.target().join("debug/hamadryad-demo"))
        .env("HAMADRYAD_SCREENSHOTS", place.target_for("screenshots"))
        .env("HAMADRYAD_NPM", packages)
        .env("CHROMIUM", chromium)
        .env("TMPDIR", scratch.path())
        .cap(native::CAP)
        .tests();
    Ok(Some((step, scratch)))
}

/// The files of tests, by name: node's runner has other ideas of which they are.
fn tests(place: &Place) -> Result<Vec<String>, Failure> {
    let files = environment::files(place.root().join(TESTS), ".test.mjs");
    let mut names: Vec<String> = files.iter().filter_map(|file| Some(format!("{TESTS}/{}", file.file_name()?.to_str()?))).collect();
    names.sort();
    if names.is_empty() {
        return Err(Failure::new(format!("there is no test in {TESTS}")).cure("git checkout that folder"));
    }
    Ok(names)
}
