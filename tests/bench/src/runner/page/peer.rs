//! [`Peer`]: the WebSocket server that sends everything back, the same for all contestants.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::super::builder::{CRATE, complete};

/// A running server, until it is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Child,
    address: String,
}

impl Peer {
    /// Builds `tests/peer` and starts it: it listens when this returns.
    pub(crate) fn start(target: &Path) -> Result<Self, String> {
        eprintln!("wasm: building tests/peer ...");
        let folder = target.join("peer");
        let mut build = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        build.args(["build", "--quiet", "--release", "--locked", "-p", "hamadryad-peer", "--manifest-path"]);
        build.arg(Path::new(CRATE).join("../../Cargo.toml")).arg("--target-dir").arg(&folder);
        complete(build)?;
        let mut command = Command::new(folder.join("release/hamadryad-peer"));
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| format!("hamadryad-peer: {error}"))?;
        let out = process.stdout.take().expect("it was asked for");
        let mut peer = Self { process, address: String::new() };
        match BufReader::new(out).read_line(&mut peer.address) {
            Ok(len) if len > 0 => Ok(peer),
            _ => Err("hamadryad-peer ended before it listened".to_owned()),
        }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.address.trim_end()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It is our child and not waited for, so this cannot hit another process.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
