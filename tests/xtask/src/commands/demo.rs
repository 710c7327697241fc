//! `cargo xtask demo`: the daemon, as soon as it can be had.

use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup::apt;
use crate::step::Step;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

/// Builds the daemon and becomes it: signals, the terminal and the exit code are the daemon's own.
///
/// # Errors
/// It does not build or cannot be started.
pub(crate) fn run(place: &Place, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let target = place.target();
    Step::cargo(place, "the daemon (half a minute the first time)", "build -p hamadryad-demo --bin hamadryad-demo")
        .env("CARGO_TARGET_DIR", target)
        .cure("what the compiler says stands above; the first build needs cargo's registry")
        .run()
        .needed()?;
    if !apt::DNSUTILS.is_there() {
        println!("    `dig` is not here, to ask the daemon with: {}", apt::commands(&["bind9-dnsutils"]).join(" && "));
    }
    let program = target.join("debug/hamadryad-demo");
    println!("\n==> {}\n", program.display());
    let error = environment::command(&program).args(arguments).exec();
    Err(Failure::new(format!("{} cannot be started: {error}", program.display())).cure("remove it and start again"))
}
