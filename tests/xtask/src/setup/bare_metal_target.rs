//! A target without an operating system and without 64-bit atomics, which core must build for.

use super::{Piece, rustup};
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::Path;

/// Its name.
pub(crate) const NAME: &str = "thumbv7m-none-eabi";

/// Its libraries, from rustup.
#[derive(Debug)]
pub(crate) struct BareMetalTarget;

impl BareMetalTarget {
    /// A cargo call for this target, by the first way that is there: rustup's libraries, or core and alloc built from the sources of our
    /// compiler or of Debian's.
    ///
    /// # Errors
    /// There is no way.
    pub(crate) fn cargo(place: &Place, name: &str, words: &str) -> Result<Step, Failure> {
        let target = format!("--target {NAME}");
        let from_source = |step: Step| step.env("RUSTC_BOOTSTRAP", "1").words("-Zbuild-std=core,alloc");
        if is_there() {
            return Ok(Step::cargo(place, name, words).words(&target));
        }
        if rustup::sysroot().is_some_and(|sysroot| has_sources(&sysroot)) {
            return Ok(from_source(Step::cargo(place, name, words).words(&target)));
        }
        if has_sources(Path::new("/usr")) && Path::new("/usr/bin/cargo").exists() {
            let step = Step::new(place, name, "/usr/bin/cargo").words(words).words(&target).env("RUSTC", "/usr/bin/rustc");
            // Another compiler than that of the other builds, hence another folder.
            return Ok(from_source(step).env("CARGO_TARGET_DIR", place.target_for("rust-web-bare-metal")));
        }
        Err(Failure::new(format!("neither the libraries of {NAME} nor the sources of core are there"))
            .cure(format!("rustup target add {NAME}, or apt-get install rustc-web cargo-web rust-web-src")))
    }
}

impl Piece for BareMetalTarget {
    fn name(&self) -> String {
        format!("Rust target {NAME}")
    }

    fn is_missing(&self, _place: &Place) -> bool {
        !is_there()
    }

    fn commands(&self) -> Vec<String> {
        vec![format!("rustup target add {NAME}")]
    }

    fn install(&self, place: &Place) -> Result<(), Failure> {
        rustup::call(place, &format!("target add {NAME}"), 120, "the floor is tried with core built from source instead")
    }

    fn fallback(&self) -> Option<&'static str> {
        Some("core and alloc are built from source, if some compiler's sources are there")
    }
}

fn is_there() -> bool {
    rustup::target_libraries(NAME).is_some_and(|folder| environment::holds(folder, "libcore-", ".rlib"))
}

fn has_sources(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/alloc/Cargo.toml").is_file()
}
