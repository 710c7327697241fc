//! How large the smallest useful page is: core, host, one timer and one request.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::builder::{CRATE, complete};

/// What wasm-opt runs. After the usual passes, what is known of values in the whole program is made use of, and the code is taken apart
/// and put together anew: 2 % less, packed.
const PASSES: [&str; 8] = ["-Oz", "--gufa-optimizing", "-Oz", "--flatten", "--local-cse", "--rereloop", "-Oz", "-Oz"];

/// Bytes of `tests/wasm-size`, built for release, bound, optimised for size, and packed by gzip; or why they are not known.
pub(crate) fn measure(target: &Path) -> Result<u64, String> {
    let root = Path::new(CRATE).join("../..");
    let manifest = root.join("tests/wasm-size/Cargo.toml");
    if !manifest.exists() {
        return Err("there is no tests/wasm-size".to_owned());
    }
    eprintln!("size_wasm_core: building tests/wasm-size ...");
    let folder = target.join("wasm-size");
    let mut build = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    build.args(["build", "--quiet", "--release", "--locked", "--target", "wasm32-unknown-unknown", "--manifest-path"]).arg(&manifest);
    build.arg("--target-dir").arg(&folder);
    complete(build).map_err(with_target_cure)?;
    let built = folder.join("wasm32-unknown-unknown/release/hamadryad_wasm_size.wasm");
    let bound = bind(&root, &built, &folder)?;
    let optimised = folder.join("optimised.wasm");
    let mut optimise = Command::new(tool(&root, "target/npm/node_modules/.bin/wasm-opt"));
    optimise.args(PASSES).args(["--strip-debug", "--strip-producers", "--strip-target-features"]).arg(&bound).arg("-o").arg(&optimised);
    complete(optimise).map_err(|reason| format!("{reason} (cure: npm install --no-save --prefix target/npm binaryen@123.0.0)"))?;
    let packed = Command::new("gzip").args(["-9", "-n", "-c"]).arg(&optimised).output().map_err(|error| format!("gzip: {error}"))?;
    if packed.status.success() { Ok(packed.stdout.len() as u64) } else { Err("gzip failed".to_owned()) }
}

fn with_target_cure(reason: String) -> String {
    // What rustc says when there is no standard library for a target.
    if reason.contains("can't find crate for") { format!("{reason} (cure: rustup target add wasm32-unknown-unknown)") } else { reason }
}

/// Runs wasm-bindgen, which takes out what only it needs.
fn bind(root: &Path, built: &Path, folder: &Path) -> Result<PathBuf, String> {
    let mut bind = Command::new(tool(root, "target/wasm-tools/release/wasm-bindgen"));
    bind.args(["--target", "web", "--no-typescript", "--out-name", "page", "--out-dir"]).arg(folder).arg(built);
    complete(bind).map_err(|reason| {
        format!("{reason} (cure: cargo build --release --manifest-path tests/wasm-tools/Cargo.toml --target-dir target/wasm-tools)")
    })?;
    Ok(folder.join("page_bg.wasm"))
}

/// The tool as the workspace's own commands install it, or else the one in the path.
fn tool(root: &Path, installed: &str) -> PathBuf {
    let own = root.join(installed);
    if own.exists() { own } else { PathBuf::from(Path::new(installed).file_name().expect("a tool has a name")) }
}
