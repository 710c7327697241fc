//! The compiler's libraries for the browser.

use super::{Piece, apt, rust_web, rustup};
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::{Path, PathBuf};

/// Its name.
pub(crate) const NAME: &str = "wasm32-unknown-unknown";

/// The target: rustup's, or else a toolchain put together from Debian's packages.
#[derive(Debug)]
pub(crate) struct WasmTarget;

/// How wasm is built on this machine.
#[derive(Debug)]
pub(crate) enum Route {
    /// By the active compiler.
    Own,
    /// By the toolchain in this folder (see [`rust_web`]).
    RustWeb(PathBuf),
}

impl Route {
    /// The way that is there.
    #[must_use]
    pub(crate) fn find(place: &Place) -> Option<Route> {
        if rustup::target_libraries(NAME).is_some_and(|folder| is_complete(&folder)) {
            return Some(Route::Own);
        }
        let folder = rust_web::folder(place)?;
        is_complete(&folder.join("lib/rustlib").join(NAME).join("lib")).then_some(Route::RustWeb(folder))
    }

    /// The way that is there, for a step that cannot do without.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn needed(place: &Place) -> Result<Route, Failure> {
        Route::find(place).ok_or_else(|| {
            Failure::new(format!("the Rust target {NAME} is not there"))
                .cure(format!("rustup target add {NAME}, or `cargo xtask test wasm`"))
        })
    }

    /// A cargo call for this target, with a target folder of its own.
    #[must_use]
    pub(crate) fn cargo(&self, place: &Place, name: &str, words: &str) -> Step {
        let step = match self {
            Route::Own => Step::cargo(place, name, words),
            Route::RustWeb(folder) => Step::new(place, name, folder.join("bin/cargo"))
                .words(words)
                .env("RUSTC", folder.join("bin/rustc"))
                .env("RUSTDOC", folder.join("bin/rustdoc")),
        };
        step.words("--target")
            .arg(NAME)
            .env("CARGO_TARGET_DIR", place.target_for("wasm"))
            // The browser reads all of a file: three times faster without what only a debugger reads.
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("CARGO_PROFILE_DEV_STRIP", "debuginfo")
    }

    /// Whether clippy can look at wasm code: Debian's toolchain has none.
    #[must_use]
    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Route::Own)
    }
}

impl Piece for WasmTarget {
    fn name(&self) -> String {
        format!("Rust target {NAME}")
    }

    fn is_missing(&self, place: &Place) -> bool {
        Route::find(place).is_none()
    }

    fn commands(&self) -> Vec<String> {
        let otherwise = apt::commands(&rust_web::PACKAGES).into_iter().map(|command| format!("otherwise: {command} lld-N"));
        let debian = otherwise.filter(|command| command.contains("install"));
        std::iter::once(format!("rustup target add {NAME}")).chain(debian).collect()
    }

    fn install(&self, place: &Place) -> Result<(), Failure> {
        let by_rustup = rustup::call(place, &format!("target add {NAME}"), 120, "Debian's rustc-web is tried instead");
        match by_rustup {
            Ok(()) if !self.is_missing(place) => Ok(()),
            // Told by the step itself, or by what follows: its answer was that all is well.
            _ => rust_web::assemble(place),
        }
    }
}

fn is_complete(libraries: &Path) -> bool {
    // Built by hand, std has no hash in its name.
    let std = environment::holds(libraries, "libstd-", ".rlib") || libraries.join("libstd.rlib").is_file();
    std && environment::holds(libraries, "libtest-", ".rlib")
}
