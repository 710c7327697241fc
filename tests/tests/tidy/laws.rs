//! Every law, and every row of what is taken over from talloc and tevent, has a test that is named after it.

use crate::checkout;
use crate::complaints::Complaints;
use std::collections::{BTreeMap, BTreeSet};

/// Releases: not yet.
const LAWS_TO_COME: [u32; 1] = [14];

/// The rows that are done.
const ROWS: [(char, &[u32]); 3] = [
    ('t', &[1, 6, 7, 8, 9, 10, 11, 16, 17, 18, 30, 32, 35]),
    ('e', &[1, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 29, 33]),
    ('r', &[1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 14, 15, 17]),
];

/// The names of all tests: functions that are marked as such, or that stand in a list which some host's file makes tests of; and the
/// strings that name the tests of a harness of our own.
fn tests() -> BTreeSet<&'static str> {
    let sources = checkout::sources();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for name in sources.iter().flat_map(|source| &source.names) {
        *seen.entry(name).or_default() += 1;
    }
    let functions = sources.iter().flat_map(|source| &source.functions);
    let runs = functions.filter(|function| function.test || seen.get(function.name.as_str()).is_some_and(|count| *count > 1));
    runs.map(|function| function.name.as_str()).chain(tables()).collect()
}

/// Tests that need a process of their own stand by name in a table of their program.
fn tables() -> impl Iterator<Item = &'static str> {
    const PROGRAMS: [&str; 2] = ["tests/tests/laws_signals/", "host-native/tests/alone/"];
    let files = checkout::files().into_iter().filter(|path| PROGRAMS.iter().any(|program| path.starts_with(program)));
    let texts = files.filter_map(|path| checkout::text(&path)).map(|text| &*text.leak());
    texts.flat_map(|text| text.split("(\"").skip(1)).filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_law_has_a_test() {
    let mut complaints = Complaints::default();
    let tests = tests();
    for law in (1..=27).filter(|law| !LAWS_TO_COME.contains(law)) {
        let prefix = format!("law_{law:02}_");
        if !tests.iter().any(|test| test.starts_with(&prefix)) {
            complaints.add(format!("law {law} has no test: write one named {prefix}…, and put it into a list of tests/src/lists.rs"));
        }
    }
    complaints.tell();
}

#[test]
fn every_row_that_is_done_has_a_test() {
    let mut complaints = Complaints::default();
    let tests = tests();
    for (letter, rows) in ROWS {
        for row in rows {
            let prefix = format!("row_{letter}{row:02}_");
            if !tests.iter().any(|test| test.starts_with(&prefix)) {
                complaints.add(format!("row {}{row} has no test: write one named {prefix}…", letter.to_uppercase()));
            }
        }
    }
    complaints.tell();
}
