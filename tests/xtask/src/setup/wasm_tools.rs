//! wasm-bindgen and its test runner, built from the registry into `target/`.

use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::PathBuf;
use std::time::Duration;

/// The two programs.
#[derive(Debug)]
pub(crate) struct WasmTools {
    /// Makes JavaScript glue for a wasm file.
    pub(crate) bindgen: PathBuf,
    /// Runs a wasm test binary in the browser; the runner that cargo is given.
    pub(crate) test_runner: PathBuf,
}

impl WasmTools {
    /// Builds them: a minute the first time, nothing later.
    ///
    /// # Errors
    /// They do not build; mostly, the registry is out of reach.
    pub(crate) fn build(place: &Place) -> Result<WasmTools, Failure> {
        let folder = place.target_for("wasm-tools");
        Step::cargo(place, "wasm-bindgen and its test runner (a minute, once)", "build --release --locked")
            .arg("--manifest-path")
            .arg("tests/wasm-tools/Cargo.toml")
            .arg("--target-dir")
            .arg(&folder)
            .cap(Duration::from_secs(900))
            .cure("cargo must reach its registry for this; try `cargo fetch --manifest-path tests/wasm-tools/Cargo.toml`")
            .run()
            .needed()?;
        let program = |name: &str| folder.join("release").join(name);
        Ok(WasmTools { bindgen: program("wasm-bindgen"), test_runner: program("wasm-bindgen-test-runner") })
    }
}
