//! A test in a process of its own.

use std::process::Command;

const ALONE: &str = "HAMADRYAD_ALONE";

/// Whether this process is the one that runs the test `name` alone. If not, that one is begun, and passes: other tests open and close
/// descriptors at the same time.
pub(crate) fn is_alone(name: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("the test binary has a path");
    let ended = Command::new(program).args(["--exact", name]).env(ALONE, "1").output().expect("the test binary can be run");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    false
}
