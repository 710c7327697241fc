//! A toolchain for wasm32 put together from Debian's `rustc-web`, for where rustup's server is out of reach.
//!
//! Debian ships this compiler to build browsers, without libraries for the browser. They are built once, from `rust-web-src`, and put
//! beside wrappers into a folder below `target/`, named after the package's version: an upgrade makes a new one. Nothing of it is
//! registered with rustup.

use super::apt;
use super::wasm_target::NAME;
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Debian's compiler, its cargo and its sources. The linker comes on top: which one, the compiler tells.
pub(crate) const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// Where the toolchain is, or would be; `None` while Debian's compiler is not installed.
#[must_use]
pub(crate) fn folder(place: &Place) -> Option<PathBuf> {
    if !Path::new(RUSTC).exists() {
        return None;
    }
    let version = environment::answer("dpkg-query", &["-W", "-f", "${Version}", "rustc-web"]).filter(|version| !version.is_empty())?;
    let name: String = version.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    Some(place.target_for(&format!("rust-web-{name}")))
}

/// Installs the packages, builds the libraries and puts the toolchain together.
///
/// # Errors
/// A package is not to be had, or the libraries do not build.
pub(crate) fn assemble(place: &Place) -> Result<(), Failure> {
    let installed = [RUSTC, CARGO, LIBRARY].iter().all(|path| Path::new(path).exists());
    if !installed || folder(place).is_none() {
        apt::install(place, &PACKAGES)?;
    }
    let folder = folder(place).ok_or_else(|| incomplete("dpkg-query does not know rustc-web"))?;
    let host = environment::compiler(RUSTC, "host").ok_or_else(|| incomplete("it does not name its host"))?;
    let llvm = environment::compiler(RUSTC, "LLVM version").ok_or_else(|| incomplete("it does not name its LLVM"))?;
    let major = llvm.split('.').next().unwrap_or_default();
    let linker = PathBuf::from(format!("/usr/bin/lld-{major}"));
    if !linker.exists() {
        apt::install(place, &[&format!("lld-{major}")])?;
    }
    let built = place.target_for("rust-web-std");
    build_std(place, &built)?;
    lay_out(&folder, &host, &linker, &built.join(NAME).join("dist/deps"))
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())).cure("make room, or remove that folder, and start again"))
}

/// Builds std's own workspace. The profile `dist` embeds bitcode, without which link-time optimisation fails.
fn build_std(place: &Place, built: &Path) -> Result<(), Failure> {
    Step::new(place, "libraries for wasm32 from Debian's sources (about a minute, once)", CARGO)
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Zforce-unstable-if-unmarked")
        .env("CARGO_TARGET_DIR", built)
        .words("build --profile dist --features backtrace --locked --target")
        .arg(NAME)
        .arg("--manifest-path")
        .arg(format!("{LIBRARY}/sysroot/Cargo.toml"))
        .cap(Duration::from_secs(900))
        .run()
        .needed()
}

/// Puts the toolchain's files in place; the libraries last, since they are what tells that it is complete.
fn lay_out(folder: &Path, host: &str, linker: &Path, built: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let bin = folder.join("bin");
    let host_folder = folder.join("lib/rustlib").join(host);
    let wasm = folder.join("lib/rustlib").join(NAME).join("lib");
    for made in [&bin, &host_folder.join("bin"), &host_folder.join("lib"), &wasm] {
        fs::create_dir_all(made)?;
    }
    symlink(CARGO, bin.join("cargo"))?;
    // A link would find /usr as its sysroot; a wrapper says which.
    wrapper(&bin.join("rustc"), RUSTC, folder)?;
    wrapper(&bin.join("rustdoc"), "/usr/bin/rustdoc", folder)?;
    symlink(linker, host_folder.join("bin/rust-lld"))?;
    for library in fs::read_dir(Path::new("/usr/lib/rustlib").join(host).join("lib"))?.flatten() {
        symlink(library.path(), host_folder.join("lib").join(library.file_name()))?;
    }
    for library in fs::read_dir(built)?.flatten() {
        if library.path().extension().is_some_and(|extension| extension == "rlib") {
            fs::copy(library.path(), wasm.join(library.file_name()))?;
        }
    }
    Ok(())
}

fn wrapper(file: &Path, program: &str, sysroot: &Path) -> io::Result<()> {
    fs::write(file, format!("#!/bin/sh\nexec {program} --sysroot '{}' \"$@\"\n", sysroot.display()))?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

fn incomplete(what: &str) -> Failure {
    Failure::new(format!("Debian's rustc-web cannot be used: {what}")).cure(format!("rustup target add {NAME}, where rustup can download"))
}
