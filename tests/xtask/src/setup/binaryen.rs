//! `wasm-opt`, from npm's `binaryen`, into `target/`: the bench measures the page's size with it.

use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::PathBuf;
use std::time::Duration;

const VERSION: &str = "123.0.0";

/// Fetches it, unless it is there.
///
/// # Errors
/// No npm, or its registry is out of reach.
pub(crate) fn wasm_opt(place: &Place) -> Result<PathBuf, Failure> {
    let folder = place.target_for("npm");
    let program = folder.join("node_modules/.bin/wasm-opt");
    if program.exists() {
        return Ok(program);
    }
    if environment::program("npm").is_none() {
        return Err(Failure::new("there is no npm to fetch wasm-opt with").cure("apt-get install --no-install-recommends nodejs npm"));
    }
    Step::new(place, "wasm-opt (some seconds, once)", "npm")
        .words("install --no-save --no-audit --no-fund --prefix")
        .arg(&folder)
        .arg(format!("binaryen@{VERSION}"))
        .cap(Duration::from_secs(180))
        .cure("npm must reach its registry for this")
        .run()
        .needed()?;
    Ok(program)
}
