//! The WebSocket server that runs beside the browser's tests.

use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::processes;
use crate::step::Step;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// The server, until it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    address: String,
}

impl Peer {
    /// Builds it and starts it: it listens when this returns.
    ///
    /// # Errors
    /// It does not build, or does not start.
    pub(crate) fn start(place: &Place) -> Result<Peer, Failure> {
        Step::cargo(place, "wasm: the tests' peer", "build -p hamadryad-peer").run().needed()?;
        let program = place.target_for("debug").join("hamadryad-peer");
        let cannot =
            |error: std::io::Error| Failure::new(format!("{} does not start: {error}", program.display())).cure("start it by hand");
        let mut command = environment::command(&program);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(cannot)?;
        let mut address = String::new();
        let out = process.stdout.take().expect("it was asked for");
        // Ended before it listens, it closes the pipe.
        let told = BufReader::new(out).read_line(&mut address);
        let peer = Peer { process, address: address.trim().to_owned() };
        match told {
            Ok(len) if len > 0 => Ok(peer),
            Ok(_) => Err(cannot(std::io::ErrorKind::BrokenPipe.into())),
            Err(error) => Err(cannot(error)),
        }
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        processes::kill_tree(self.process.id());
        let _ = self.process.wait();
    }
}
