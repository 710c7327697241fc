//! `cargo xtask help`.

/// Prints what the commands do.
pub(crate) fn print() {
    print!("{TEXT}");
}

const TEXT: &str = "\
cargo xtask COMMAND [--yes]

  demo [--no-open] [-- ARGUMENTS]
                           Builds the daemon and runs it in this terminal: DNS over UDP on 127.0.0.1:5300. Then builds
                           its page, which it serves on 127.0.0.1:8300, and opens that if there is a desktop; the
                           address, which nobody can guess, is always printed. Ctrl-C stops it. ARGUMENTS are the
                           daemon's own; `demo -- --help` lists them. `dig`, to ask it, comes with `test daemon`.

  page                     Builds the page alone, into target/page: for any static file server.

  test [PART…]             Sets up what is missing and runs the tests; without a PART: all but sanitize.
       native              unit, simulator, epoll, conformance and doc tests
       wasm                the same laws in headless Chromium, in a page and in a worker
       daemon              the daemon, asked by `dig`
       page                the page in headless Chromium, against the daemon and without it (pictures of it are left
                           in target/screenshots), and the examples for users of host-wasm
       sanitize            loom, Miri, AddressSanitizer and valgrind, in full: the table says what ran

  ci                       All that must pass before a change is taken: format, clippy, documentation, floors (core
                           for bare metal and for the page), every test, and up to four minutes of `sanitize`.
                           The last line is the sum: `N passed, N failed`.

  bench [NAME…] [--json FILE]
                           Measures this project beside its peers; what is not to be had is skipped and named.
                           `bench -- --help` lists the workloads; `bench wasm` is what runs in headless Chromium.

  help                     This text.

  --yes, -y                Installs without asking. Without a terminal nobody is asked either.

What a command needs beyond stable Rust is announced with its exact command before it is installed, and only then:
Debian packages (chromium, chromium-driver, nodejs, npm, bind9-dnsutils, valgrind, strace; for `bench` a C compiler
and the peers' headers), rustup's targets wasm32-unknown-unknown and thumbv7m-none-eabi, and nightly's Miri. Where rustup cannot
download, the wasm target is built from Debian's rustc-web. All else goes into target/, and away with `cargo clean`.
A set-up with nothing to do takes well under a second.
";
