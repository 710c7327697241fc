//! rustfmt and clippy, which a minimal installation of Rust lacks.

use super::{Piece, rustup};
use crate::failure::Failure;
use crate::place::Place;

/// rustfmt and clippy.
#[derive(Debug)]
pub(crate) struct Components;

impl Piece for Components {
    fn name(&self) -> String {
        "rustfmt and clippy".to_owned()
    }

    fn is_missing(&self, _place: &Place) -> bool {
        let there = |program: &str| rustup::sysroot().is_some_and(|sysroot| sysroot.join("bin").join(program).exists());
        !(there("cargo-fmt") && there("rustfmt") && there("cargo-clippy"))
    }

    fn commands(&self) -> Vec<String> {
        vec!["rustup component add rustfmt clippy".to_owned()]
    }

    fn install(&self, place: &Place) -> Result<(), Failure> {
        rustup::call(place, "component add rustfmt clippy", 300, "run `rustup component add rustfmt clippy` where rustup can download")
    }
}
