//! Miri, the interpreter that finds undefined behaviour: a component of the nightly compiler.

use super::{Piece, rustup};
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::time::Duration;

/// Miri and the sources it interprets std from.
#[derive(Debug)]
pub(crate) struct Miri;

const INSTALL: &str = "toolchain install nightly --profile minimal --component miri --component rust-src";

impl Miri {
    /// A `cargo miri` call; std is prepared below `target/`.
    #[must_use]
    pub(crate) fn cargo(place: &Place, name: &str, words: &str) -> Step {
        Step::cargo(place, name, "miri")
            .words(words)
            .env("RUSTUP_TOOLCHAIN", "nightly")
            .env("CARGO_TARGET_DIR", place.target_for("miri"))
            .env("MIRI_SYSROOT", place.target_for("miri-sysroot"))
    }

    /// Prepares std for Miri: once, a minute; again at a new nightly.
    #[must_use]
    pub(crate) fn prepare_std(place: &Place) -> Step {
        Miri::cargo(place, "std for Miri", "setup")
            .cap(Duration::from_secs(600))
            .cure("rustup component add miri rust-src --toolchain nightly")
    }
}

impl Piece for Miri {
    fn name(&self) -> String {
        "Miri".to_owned()
    }

    fn is_missing(&self, _place: &Place) -> bool {
        let complete = rustup::toolchain("nightly").is_some_and(|nightly| {
            nightly.join("bin/cargo-miri").exists() && nightly.join("lib/rustlib/src/rust/library/std/Cargo.toml").exists()
        });
        !complete
    }

    fn commands(&self) -> Vec<String> {
        vec![format!("rustup {INSTALL}")]
    }

    fn install(&self, place: &Place) -> Result<(), Failure> {
        rustup::call(place, INSTALL, 300, "AddressSanitizer and valgrind are run instead")
    }

    fn fallback(&self) -> Option<&'static str> {
        Some("core is run under AddressSanitizer and valgrind")
    }
}
