//! A function fits a screen, a file a sitting.

use crate::checkout;
use crate::complaints::Complaints;

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 400;

/// Functions that are longer, and why the place is better so.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];
/// Files that are longer without their tests, and why.
const LONG_FILES: [(&str, &str); 3] = [
    ("core/src/arena/slot.rs", "the slot, its reference and its lists share one unsafe idea"),
    ("core/src/free.rs", "one walk, and the ways into it"),
    ("core/src/node.rs", "the handle's whole face, with its documentation"),
];

#[test]
fn functions_fit_a_screen() {
    let mut complaints = Complaints::default();
    let sources = checkout::sources();
    for source in sources.iter().filter(|source| !source.is_test()) {
        for function in source.functions.iter().filter(|function| !function.test && function.lines > FUNCTION_LINES_MAX) {
            let place = format!("{}::{}", source.path, function.name);
            if !LONG_FUNCTIONS.iter().any(|(name, _)| *name == place) {
                let (path, line, lines) = (&source.path, function.line, function.lines);
                complaints.add(format!(
                    "{path}:{line} {} has {lines} lines: split it, or name it in LONG_FUNCTIONS with the reason",
                    function.name
                ));
            }
        }
    }
    for (place, _) in LONG_FUNCTIONS {
        let is_long = sources.iter().any(|source| {
            source
                .functions
                .iter()
                .any(|function| function.lines > FUNCTION_LINES_MAX && format!("{}::{}", source.path, function.name) == place)
        });
        if !is_long {
            complaints.add(format!("{place} is not long any more: take it out of LONG_FUNCTIONS"));
        }
    }
    complaints.tell();
}

#[test]
fn files_fit_a_sitting() {
    let mut complaints = Complaints::default();
    let sources = checkout::sources();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let excepted = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        match (source.lines > FILE_LINES_MAX, excepted) {
            (true, false) => {
                let (path, lines) = (&source.path, source.lines);
                complaints.add(format!(
                    "{path} has {lines} lines without its tests: one concept, one file; or name it in LONG_FILES with the reason"
                ));
            }
            (false, true) => complaints.add(format!("{} is not long any more: take it out of LONG_FILES", source.path)),
            _ => {}
        }
    }
    complaints.tell();
}
