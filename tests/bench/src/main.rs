//! hamadryad beside its peers, in one run: `cargo run --release -- --help`.

mod runner;

use std::process::ExitCode;

fn main() -> ExitCode {
    runner::main()
}
