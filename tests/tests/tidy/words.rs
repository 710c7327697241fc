//! What must not stand in a file.

use crate::checkout;
use crate::complaints::Complaints;
use crate::source::Kind;

/// Where machines keep what is theirs. In two halves, so that this file may be checked, too.
const MACHINE_PATHS: [&str; 4] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

#[test]
fn nothing_is_left_open() {
    let mut complaints = Complaints::default();
    for source in checkout::sources() {
        for line in source.lines_of(Kind::Todo, true) {
            complaints.add(format!("{}:{line} leaves something to do: do it, or return a typed error", source.path));
        }
        for line in source.lines_of(Kind::Dbg, true) {
            complaints.add(format!("{}:{line} prints what only its writer needed: take `dbg!` out", source.path));
        }
    }
    complaints.tell();
}

#[test]
fn only_tests_unwrap() {
    let mut complaints = Complaints::default();
    for source in checkout::sources().iter().filter(|source| !source.is_test()) {
        for line in source.lines_of(Kind::Unwrap, false) {
            complaints.add(format!("{}:{line} unwraps: return the error, or `expect(\"why it cannot fail\")`", source.path));
        }
    }
    complaints.tell();
}

#[test]
fn nobody_sleeps_real_time() {
    let mut complaints = Complaints::default();
    // The benchmark's runner waits for other programs, and looks now and then whether one takes too long.
    for source in checkout::sources().iter().filter(|source| source.path != "tests/bench/src/runner/launch.rs") {
        for line in source.lines_of(Kind::Sleep, true) {
            complaints.add(format!("{}:{line} sleeps: use the simulator's time, or wait for what must happen", source.path));
        }
    }
    complaints.tell();
}

#[test]
fn no_file_knows_a_machine() {
    let mut complaints = Complaints::default();
    for path in checkout::files() {
        let Some(text) = checkout::text(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A folder of that name inside of another path is nobody's machine.
            let begins = |needle: &str| {
                line.match_indices(needle).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}~".contains(c)))
            };
            if MACHINE_PATHS.iter().any(|needle| begins(needle)) {
                complaints.add(format!("{path}:{} names a folder of one machine: make it relative to the checkout", number + 1));
            }
        }
    }
    complaints.tell();
}
