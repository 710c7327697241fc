//! Runs a server on loopback until it is ended: prints `127.0.0.1:PORT` as soon as it listens.

#[cfg(target_os = "linux")]
fn main() -> Result<(), hamadryad_native::RunError> {
    hamadryad_native::run(|root| {
        let server = hamadryad_peer::Server::start_for_builds(root)?;
        println!("{}", server.address());
        Ok(())
    })
}

#[cfg(not(target_os = "linux"))]
fn main() {}
