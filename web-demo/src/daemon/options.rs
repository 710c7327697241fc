//! [`Options`]: the command line.

use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;

/// A small DNS forwarder on one ownership tree.
///
/// Asks its upstreams in turn, each for 400 ms and all for 2 s, and answers SERVFAIL when none of them answered. Identical questions in
/// flight are asked once. Speaks UDP; TCP is for later, so an answer too long for a client comes truncated.
///
/// Serves a page, to this machine, that shows what is alive in the daemon. Only its address as it is printed at start, with the token in
/// it, lets the page in.
#[derive(Clone, Debug, Default, Parser)]
#[command(
    name = "hamadryad-demo",
    version,
    after_help = "SIGUSR1 prints what is alive. SIGTERM or SIGINT answers what is in flight, for at most 5 s, and stops; a second one \
                  stops at once.\n\
                  TCP is for later: ask with `dig +ignore` or `+bufsize=4096` where an answer is truncated."
)]
pub struct Options {
    /// Listen on this address; port 0 is any free port [default: 127.0.0.1:5300, or the next free port]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,

    /// Ask this server, port 53 if none is given; repeat it for more, asked in this order [default: three built in, for example.test]
    #[arg(long = "upstream", value_name = "ADDR", value_parser = address)]
    pub upstreams: Vec<SocketAddr>,

    /// Serve the page on this address; port 0 is any free port [default: 127.0.0.1:8300, or the next free port]
    #[arg(long, value_name = "ADDR")]
    pub http: Option<SocketAddr>,

    /// Serve the page that was built into this directory [default: target/page, if it is there]
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,

    /// Write the page's address into this file, for its owner alone; the token of the address that stands there is used again
    #[arg(long, value_name = "FILE")]
    pub address_file: Option<PathBuf>,

    /// Tell nothing of single queries
    #[arg(long)]
    pub quiet: bool,
}

/// `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`.
fn address(text: &str) -> Result<SocketAddr, AddrParseError> {
    text.parse().or_else(|error| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)).map_err(|_| error))
}
