//! What rustup brings. Its server is not always in reach: each call is capped, and each has another way behind it.

use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::path::PathBuf;
use std::time::Duration;

/// The folder that the active compiler keeps a target's libraries in, whether they are there or not.
#[must_use]
pub(crate) fn target_libraries(target: &str) -> Option<PathBuf> {
    environment::answer("rustc", &["--print", "target-libdir", "--target", target]).map(PathBuf::from)
}

/// The active compiler's own folder.
#[must_use]
pub(crate) fn sysroot() -> Option<PathBuf> {
    environment::answer("rustc", &["--print", "sysroot"]).map(PathBuf::from)
}

/// The folder of a toolchain that rustup manages, if it is there.
#[must_use]
pub(crate) fn toolchain(channel: &str) -> Option<PathBuf> {
    let home =
        std::env::var_os("RUSTUP_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")))?;
    let host = environment::compiler("rustc", "host")?;
    let folder = home.join("toolchains").join(format!("{channel}-{host}"));
    folder.is_dir().then_some(folder)
}

/// Calls rustup, for at most so many seconds.
///
/// # Errors
/// There is no rustup, it failed, or it was killed.
pub(crate) fn call(place: &Place, words: &str, seconds: u64, cure: &str) -> Result<(), Failure> {
    if environment::program("rustup").is_none() {
        return Err(Failure::new("there is no rustup").cure("get it from https://rustup.rs"));
    }
    Step::new(place, format!("rustup {words}"), "rustup").words(words).cap(Duration::from_secs(seconds)).cure(cure).run().needed()
}
