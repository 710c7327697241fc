//! Building for the page: cargo, wasm-bindgen, wasm-opt.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::builder::{CRATE, complete};

const TARGET: &str = "wasm32-unknown-unknown";

/// What wasm-opt is told for the smallest file, a word a line; the page is built with the same. What is known of values in the whole program
/// is made use of, and the code is taken apart and put together anew; small functions stay functions, since gzip likes them. (Found by trying:
/// 3 % less than `-Oz`, packed. `--low-memory-unused` is true: the first KiB is the far end of the stack.)
const PASSES: &str = include_str!("../../../wasm-tools/wasm-opt-passes");

/// Builds the crate `tests/NAME` for release, below `folder`.
pub(crate) fn build(name: &str, folder: &Path) -> Result<PathBuf, String> {
    build_with(name, folder, "")
}

/// The same, with no feature but this one.
pub(crate) fn build_with(name: &str, folder: &Path, features: &str) -> Result<PathBuf, String> {
    let manifest = root().join("tests").join(name).join("Cargo.toml");
    let mut build = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    build.args(["build", "--quiet", "--release", "--locked", "--target", TARGET, "--no-default-features", "--features", features]);
    build.arg("--manifest-path").arg(&manifest).arg("--target-dir").arg(folder);
    complete(build).map_err(with_target_cure)?;
    let file = format!("hamadryad_{}.wasm", name.replace('-', "_"));
    Ok(folder.join(TARGET).join("release").join(file))
}

fn with_target_cure(reason: String) -> String {
    // What rustc says when there is no standard library for a target.
    if reason.contains("can't find crate for") { format!("{reason} (cure: rustup target add {TARGET})") } else { reason }
}

/// Runs wasm-bindgen, which takes out what only it needs: `NAME.js` and `NAME_bg.wasm` in `folder`. Gives the latter.
pub(crate) fn bind(built: &Path, folder: &Path, name: &str) -> Result<PathBuf, String> {
    let mut bind = Command::new(tool("target/wasm-tools/release/wasm-bindgen"));
    bind.args(["--target", "web", "--no-typescript", "--out-name", name, "--out-dir"]).arg(folder).arg(built);
    complete(bind).map_err(|reason| {
        format!("{reason} (cure: cargo build --release --manifest-path tests/wasm-tools/Cargo.toml --target-dir target/wasm-tools)")
    })?;
    Ok(folder.join(format!("{name}_bg.wasm")))
}

/// Makes it as small as wasm-opt can.
pub(crate) fn optimise(bound: &Path, optimised: &Path) -> Result<(), String> {
    let mut optimise = Command::new(tool("target/npm/node_modules/.bin/wasm-opt"));
    optimise.args(PASSES.split_whitespace()).arg(bound).arg("-o").arg(optimised);
    complete(optimise).map_err(|reason| format!("{reason} (cure: npm install --no-save --prefix target/npm binaryen)"))
}

/// Bytes of a file, packed by gzip.
pub(crate) fn packed_len(file: &Path) -> Result<u64, String> {
    let packed = Command::new("gzip").args(["-9", "-n", "-c"]).arg(file).output().map_err(|error| format!("gzip: {error}"))?;
    if packed.status.success() { Ok(packed.stdout.len() as u64) } else { Err(format!("gzip of {} failed", file.display())) }
}

fn root() -> PathBuf {
    Path::new(CRATE).join("../..")
}

/// The tool as the workspace's own commands install it, or else the one in the path.
fn tool(installed: &str) -> PathBuf {
    let own = root().join(installed);
    if own.exists() { own } else { PathBuf::from(Path::new(installed).file_name().expect("a tool has a name")) }
}
