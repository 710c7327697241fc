//! loom, Miri, AddressSanitizer and valgrind: whether the unsafe code is sound, as far as tools can tell.

use crate::commands::native::CAP;
use crate::environment;
use crate::outcome::{Outcome, Verdict};
use crate::place::Place;
use crate::setup::Piece;
use crate::setup::apt::{self, Apt};
use crate::setup::miri::Miri;
use crate::setup::rustup;
use crate::step::Step;
use crate::summary::Summary;
use std::time::Duration;

/// What `ci` gives to the runs, once they are built.
const CI_CAP: Duration = Duration::from_secs(4 * 60);
/// Under interpretation a second is minutes.
const MIRI_CAP: Duration = Duration::from_secs(90 * 60);
/// Each payload in an allocation of its own: in the arena's pages the tools could not tell two neighbours apart.
const ISOLATE: &str = "--cfg hamadryad_isolate";

/// Everything that `test sanitize` uses. Nothing of it is a must: the table says what ran.
#[must_use]
pub(crate) fn needs() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Apt::wants(&[apt::VALGRIND], "the Linux host is run under AddressSanitizer only")), Box::new(Miri)]
}

/// What `ci` uses.
#[must_use]
pub(crate) fn needs_of_ci() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Miri)]
}

/// All tools, all tests.
pub(crate) fn run_all(place: &Place, summary: &mut Summary) {
    summary.add(loom(place).run());
    if prepare_miri(place, summary) {
        // Miri runs one test at a time, on one core.
        let whole = [miri(place, "miri: core", MIRI_CORE), miri(place, "miri: attacks, model and programs", MIRI_TESTS)];
        Step::run_together(whole.into()).into_iter().for_each(|outcome| summary.add(outcome));
    }
    match address_sanitizer(place) {
        Ok(steps) => steps.into_iter().for_each(|step| summary.add(step.run())),
        Err(reason) => summary.tell(Outcome::skipped("address sanitizer", reason)),
    }
    if environment::program("valgrind").is_some() {
        summary.add(valgrind(place).run());
    } else {
        summary.tell(Outcome::skipped("valgrind", "it is not installed: apt-get install valgrind"));
    }
}

/// At most four minutes of it, builds not counted: a part of Miri's tests, or AddressSanitizer where Miri cannot be had, beside loom.
pub(crate) fn run_some(place: &Place, summary: &mut Summary) {
    let mut steps = vec![loom(place)];
    if prepare_miri(place, summary) {
        steps.push(miri(place, "miri: core", MIRI_CORE_OF_CI));
        steps.push(miri(place, "miri: attacks and model", MIRI_TESTS_OF_CI).env("HAMADRYAD_MODEL_OPS", "300"));
    } else {
        match address_sanitizer(place) {
            // The Linux host is not core's stand-in.
            Ok(checked) => steps.extend(checked.into_iter().take(1)),
            Err(reason) => summary.tell(Outcome::skipped("address sanitizer", reason)),
        }
    }
    // A build that fails is told by the run after it.
    for step in &steps {
        let _ = step.clone().built_only().run();
    }
    let capped = steps.into_iter().map(|step| step.cap(CI_CAP)).collect();
    Step::run_together(capped).into_iter().for_each(|outcome| summary.add(outcome));
}

const MIRI_CORE: &str = "-p hamadryad --features sim --lib";
const MIRI_TESTS: &str = "-p hamadryad-tests --test attacks --test model --test programs";
const ADDRESS_CORE: &str = "-p hamadryad -p hamadryad-tests --features hamadryad/sim --lib --test attacks --test model --test programs --test laws_sim --test laws_native";
const MIRI_CORE_OF_CI: &str = "-p hamadryad --lib";
const MIRI_TESTS_OF_CI: &str = "-p hamadryad-tests --test attacks free::";

/// What threads share, in every order that the memory model allows.
fn loom(place: &Place) -> Step {
    Step::cargo(place, "loom", "test -p hamadryad --release --lib loom")
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", place.target_for("loom"))
        // Optimised, but linked in seconds.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .cap(CAP)
        .tests()
}

/// Makes Miri ready, if it is there.
fn prepare_miri(place: &Place, summary: &mut Summary) -> bool {
    if Miri.is_missing(place) {
        summary.tell(Outcome::skipped("miri", "it is not installed; AddressSanitizer runs core's attacks instead"));
        return false;
    }
    let mut ready = Miri::prepare_std(place).run();
    let passed = ready.passed();
    if let Verdict::Failed(failure) = ready.verdict {
        // A nightly without Miri, or a registry out of reach.
        ready.verdict = Verdict::Skipped(format!("{failure}; AddressSanitizer runs core's attacks instead"));
        summary.tell(ready);
    }
    passed
}

fn miri(place: &Place, name: &str, tests: &str) -> Step {
    Miri::cargo(place, name, "test --no-fail-fast")
        .words(tests)
        .env("MIRIFLAGS", "-Zmiri-env-forward=HAMADRYAD_MODEL_OPS")
        .cap(MIRI_CAP)
        .tests()
}

/// Core with the attacks and the model, and the Linux host, with every access checked. Stable's own runtime library does it; only the
/// flag is unstable.
fn address_sanitizer(place: &Place) -> Result<[Step; 2], String> {
    let host = environment::compiler("rustc", "host").ok_or("rustc does not name its host")?;
    let runtime = rustup::target_libraries(&host).is_some_and(|folder| environment::holds(folder, "librustc", "_rt.asan.a"));
    if !runtime {
        return Err(format!("this compiler has no AddressSanitizer for {host}"));
    }
    let checked = |name: &str, tests: &str| {
        Step::cargo(place, name, "test --no-fail-fast")
            .words(tests)
            // With a target named, build scripts and macros are left alone.
            .words("--target")
            .arg(&host)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", format!("-Zsanitizer=address {ISOLATE}"))
            // Some attacks leak on purpose, with `mem::forget`.
            .env("ASAN_OPTIONS", "detect_leaks=0")
            // Its frames are several times larger.
            .env("RUST_MIN_STACK", "268435456")
            .env("CARGO_TARGET_DIR", place.target_for("asan"))
            .cap(CAP)
            .tests()
    };
    Ok([
        checked("address sanitizer: core", ADDRESS_CORE).env("HAMADRYAD_MODEL_OPS", "100000"),
        checked("address sanitizer: Linux host", "-p hamadryad-native --lib --tests"),
    ])
}

/// The Linux host under valgrind, which also sees what the kernel writes.
fn valgrind(place: &Place) -> Step {
    let host = environment::compiler("rustc", "host").unwrap_or_default();
    let runner = format!("CARGO_TARGET_{}_RUNNER", host.to_uppercase().replace('-', "_"));
    Step::cargo(place, "valgrind", "test --no-fail-fast -p hamadryad-native --lib --tests")
        .env(&runner, "valgrind --quiet --error-exitcode=99 --leak-check=no --fair-sched=yes")
        .env("RUSTFLAGS", ISOLATE)
        .env("CARGO_TARGET_DIR", place.target_for("valgrind"))
        .cap(CAP)
        .tests()
}
