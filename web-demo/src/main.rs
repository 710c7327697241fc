//! `hamadryad-demo`: see `hamadryad_demo::daemon`.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;

    use clap::Parser;
    use hamadryad_demo::daemon::{Options, run};
    use hamadryad_native::RunError;

    let Err(error) = run(Options::parse()) else { return ExitCode::SUCCESS };
    match error {
        RunError::Setup(error) => eprintln!("hamadryad-demo: {error}"),
        RunError::Host(error) => eprintln!("hamadryad-demo: the loop cannot run: {error}"),
        RunError::Failed(failure) => eprintln!("hamadryad-demo: {failure}"),
    }
    ExitCode::FAILURE
}

/// A page has the library, and no process.
#[cfg(target_arch = "wasm32")]
fn main() {}
