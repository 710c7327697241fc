//! What xtask asks the machine: programs, toolchains, who we are.

use crate::failure::Failure;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a program is found along `PATH`, if it is there.
#[must_use]
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o111 != 0)
}

/// Whether this process runs as root.
#[must_use]
pub(crate) fn is_root() -> bool {
    // The owner of a process's folder in /proc is its effective user (proc_pid(5)).
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

/// A command with the environment a user's shell would give it: without what `cargo run` added for xtask itself. Some build scripts watch
/// these variables, and would run again at every change between `cargo build` and `cargo xtask`.
#[must_use]
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        let of_the_package = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_BIN_");
        if of_the_package || ["CARGO", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&text) {
            command.env_remove(name);
        }
    }
    command
}

/// What a command prints, without the line's end; `None` if it cannot be run or fails.
#[must_use]
pub(crate) fn answer(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// One line of `rustc -vV`, as `host` or `LLVM version`.
#[must_use]
pub(crate) fn compiler(rustc: impl AsRef<OsStr>, key: &str) -> Option<String> {
    let answer = answer(rustc, &["-vV"])?;
    let line = answer.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))?;
    Some(line.to_owned())
}

/// Whether `folder` holds a file whose name starts and ends so.
#[must_use]
pub(crate) fn holds(folder: impl AsRef<Path>, prefix: &str, suffix: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix))
    })
}

/// The files in `folder` whose name ends so, in no order.
#[must_use]
pub(crate) fn files(folder: impl AsRef<Path>, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.to_str().is_some_and(|path| path.ends_with(suffix))).collect()
}

/// A folder of its own for programs that leave things behind. It goes away with its owner.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A fresh one. It lies in the system's folder for such things: Chromium puts sockets there, whose paths must stay short (unix(7)).
    ///
    /// # Errors
    /// It cannot be made: no space, no permission.
    pub(crate) fn new(name: &str) -> Result<Scratch, Failure> {
        let path = std::env::temp_dir().join(format!("hamadryad-{name}-{}", std::process::id()));
        let cannot = |error| Failure::new(format!("{}: {error}", path.display())).cure("set TMPDIR to a folder that can be written");
        std::fs::create_dir_all(&path).map_err(cannot)?;
        Ok(Scratch { path })
    }

    /// Where it is.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Best effort: a browser that is still ending may write once more, and the system empties this folder anyway.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
