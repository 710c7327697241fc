//! The conformance suite on the simulated host, and the tests that step turns or time by hand.
#![cfg(not(target_family = "wasm"))]

use hamadryad_tests::{Blocking, SimWorld, everywhere, in_virtual_time, laws, on_every_transport, where_panics_unwind};
use std::collections::BTreeSet;
use std::path::Path;

macro_rules! in_the_simulator {
    ($($law:ident)*) => { $(#[test] fn $law() { SimWorld::run(laws::$law); })* };
}
macro_rules! by_hand {
    ($($law:ident)*) => { $(#[test] fn $law() { laws::$law(); })* };
}
macro_rules! names {
    ($($law:ident)*) => { [$(stringify!($law)),*] };
}

everywhere!(in_the_simulator);
where_panics_unwind!(in_the_simulator);
in_virtual_time!(by_hand);

/// A test that no list names would never run.
#[test]
fn every_test_of_the_suite_is_in_a_list() {
    let laws = everywhere!(names).into_iter().chain(where_panics_unwind!(names)).chain(in_virtual_time!(names)).collect();
    all_listed("laws", laws);
    all_listed("channels", on_every_transport!(names).into_iter().collect());
}

fn all_listed(folder: &str, listed: BTreeSet<&str>) {
    let mut found = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
    for file in std::fs::read_dir(&folder).expect("the suite lies there") {
        let text = std::fs::read_to_string(file.expect("it can be read").path()).expect("it is text");
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("pub async fn ").or_else(|| line.strip_prefix("pub fn ")) else { continue };
            let name = rest.split(['<', '(']).next().unwrap_or(rest);
            assert!(listed.contains(name), "{name} is in no list of tests/src/lists.rs: add it, or it never runs");
            found += 1;
        }
    }
    assert_eq!(found, listed.len());
}
