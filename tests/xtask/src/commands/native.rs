//! The tests that need nothing but the compiler.

use crate::place::Place;
use crate::step::Step;
use crate::summary::Summary;
use std::time::Duration;

/// Longer than this, and something hangs.
pub(crate) const CAP: Duration = Duration::from_secs(15 * 60);

/// Core with its simulator, the Linux host, what of the browser host needs no browser, the conformance suite, the portable resolver and
/// xtask: unit, integration and doc tests.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    let all = "test --locked --no-fail-fast -p hamadryad -p hamadryad-native -p hamadryad-tests -p xtask --features hamadryad/sim";
    summary.add(Step::cargo(place, "native", all).cap(CAP).tests().run());
    let portable = "test --locked --no-fail-fast -p hamadryad-wasm -p hamadryad-demo --lib --bins";
    summary.add(Step::cargo(place, "native: browser host and resolver", portable).cap(CAP).tests().run());
    let examples = "test --locked --no-fail-fast -p hamadryad-wasm -p hamadryad-demo --doc";
    summary.add(Step::cargo(place, "native: their doc tests", examples).cap(CAP).tests_if_any().run());
}
