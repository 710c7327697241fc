//! `wasm-bindgen-test-runner`: what Cargo runs in place of a wasm test binary. It serves the test as a page and drives a browser
//! to it (`CHROMEDRIVER` says by what, `webdriver.json` beside the tested crate's manifest says how).

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    match wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen-test-runner: {error:#}");
            ExitCode::FAILURE
        }
    }
}
