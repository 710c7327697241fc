//! `cargo xtask demo`: the daemon, as soon as it can be had, and then its page.
//!
//! ```text
//! xtask ──► builds the daemon ──► becomes it: it answers, and serves target/page, whatever is in there yet
//!             └─► xtask, detached: builds the page (its log is target/page.log), says so, and opens it
//! ```

use crate::commands::page;
use crate::consent::Consent;
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup::wasm_target::WasmTarget;
use crate::setup::{self, apt};
use crate::step::Step;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The word that makes xtask the one who builds the page beside the daemon.
pub(crate) const BESIDE: &str = "page-beside-the-daemon";

/// What the daemon serves until the page is there.
const WAITING: &str = include_str!("waiting.html");

/// Builds the daemon and becomes it: signals, the terminal and the exit code are the daemon's own.
///
/// # Errors
/// It does not build or cannot be started.
pub(crate) fn run(place: &Place, consent: Consent, open: bool, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let target = place.target();
    // Asked now: later the terminal is the daemon's.
    let page = setup::agree(place, consent, &[&WasmTarget]);
    Step::cargo(place, "the daemon (half a minute the first time)", "build -p hamadryad-demo --bin hamadryad-demo")
        .env("CARGO_TARGET_DIR", target)
        .cure("what the compiler says stands above; the first build needs cargo's registry")
        .run()
        .needed()?;
    if !apt::DNSUTILS.is_there() {
        println!("    `dig` is not here, to ask the daemon with: {}", apt::commands(&["bind9-dnsutils"]).join(" && "));
    }
    let (address, folder) = (target.join("demo-address"), page::folder(place));
    match page {
        Ok(()) => {
            let begun = begin(&folder);
            begun
                .map_err(|error| Failure::new(format!("{}: {error}", folder.display())).cure("make target/ writable, or `cargo clean`"))?;
            detach(open, &address)?;
        }
        Err(failure) => println!("    {failure}\n    the page is not built"),
    }
    let program = target.join("debug/hamadryad-demo");
    println!("\n==> {}\n", program.display());
    let mut daemon = environment::command(&program);
    daemon.arg("--address-file").arg(&address);
    if folder.is_dir() {
        daemon.arg("--page").arg(&folder);
    }
    daemon.args(arguments);
    let error = daemon.exec();
    Err(Failure::new(format!("{} cannot be started: {error}", program.display())).cure("remove it and start again"))
}

/// The page's folder, with something in it.
fn begin(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let index = folder.join("index.html");
    if index.exists() { Ok(()) } else { fs::write(index, WAITING) }
}

/// Starts xtask by way of another one that ends at once, so that the daemon has no child of which it knows nothing. All of them stay in
/// the terminal's process group: Ctrl-C ends the build, too.
fn detach(open: bool, address: &Path) -> Result<(), Failure> {
    let status = own(&[BESIDE, "--detach"]).args((!open).then_some("--no-open")).arg("--").arg(address).status();
    let failed = |what: String| Failure::new(format!("xtask cannot be started: {what}")).cure("cargo xtask page, in another terminal");
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(status.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// This program with other arguments.
fn own(words: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null());
    command
}

/// What xtask does beside the daemon: the page, built, told and opened.
///
/// # Errors
/// It cannot start itself.
pub(crate) fn beside(place: &Place, detach: bool, open: bool, address: &Path) -> Result<ExitCode, Failure> {
    if detach {
        let again = own(&[BESIDE]).args((!open).then_some("--no-open")).arg("--").arg(address).spawn();
        again.map_err(|error| Failure::new(format!("xtask cannot be started: {error}")))?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = place.target_for("page.log");
    let log = File::create(&path).and_then(|log| Ok((log.try_clone()?, log)));
    let (out, err) = log.map_err(|error| Failure::new(format!("{}: {error}", path.display())).cure("make target/ writable"))?;
    let built = own(&["page", "--yes"]).stdout(out).stderr(err).status();
    let is_built = built.is_ok_and(|status| status.success());
    let text = fs::read_to_string(address).unwrap_or_default();
    let url = text.trim();
    if !is_serving(url) {
        return Ok(ExitCode::SUCCESS); // the daemon has ended meanwhile, or serves no page: nobody waits
    }
    if !is_built {
        eprintln!("the page could not be built: {} says why", path.display());
        return Ok(ExitCode::FAILURE);
    }
    println!("the page is ready: {url}");
    if open && has_desktop() {
        let mut opener = environment::command("xdg-open");
        // It may stay as long as the browser does: nobody waits for it.
        let _ = opener.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether somebody listens where the address says.
fn is_serving(url: &str) -> bool {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    authority.is_some_and(|authority| TcpStream::connect(authority).is_ok())
}

fn has_desktop() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) && environment::program("xdg-open").is_some()
}
