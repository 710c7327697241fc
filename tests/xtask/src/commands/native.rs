//! The tests that need nothing but the compiler.

use crate::place::Place;
use crate::step::Step;
use crate::summary::Summary;
use std::fs;
use std::time::Duration;

/// Longer than this, and something hangs.
pub(crate) const CAP: Duration = Duration::from_secs(15 * 60);

/// The test of the daemon that needs `dig`.
pub(crate) const DAEMON_TEST: &str = "daemon";

/// Everything but the page and what asks the daemon: unit, simulator, epoll, conformance and doc tests.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    summary.add(step(place, "native", "").run());
    let others = demo_tests(place).into_iter().filter(|name| name != DAEMON_TEST);
    let tests: String = others.map(|name| format!(" --test {name}")).collect();
    summary.add(demo_step(place, "native: resolver", &format!("--lib --bins{tests}")).tests().run());
    summary.add(demo_step(place, "native: resolver's doc tests", "--doc").tests_if_any().run());
}

/// Tests of all packages but the daemon's. The same packages each time: another choice would be other features, and all built again.
#[must_use]
pub(crate) fn step(place: &Place, name: &str, words: &str) -> Step {
    let all = "test --no-fail-fast --workspace --exclude hamadryad-demo --features hamadryad/sim";
    Step::cargo(place, name, all).words(words).cap(CAP).tests()
}

/// Tests of the daemon's package.
#[must_use]
pub(crate) fn demo_step(place: &Place, name: &str, words: &str) -> Step {
    Step::cargo(place, name, "test --no-fail-fast -p hamadryad-demo").words(words).cap(CAP)
}

/// The names of the integration tests of the daemon's package, as cargo finds them: files, and folders with a `main.rs`.
fn demo_tests(place: &Place) -> Vec<String> {
    let Ok(entries) = fs::read_dir(place.root().join("web-demo/tests")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs") || entry.path().join("main.rs").is_file())
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}
