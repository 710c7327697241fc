//! [`Banner`]: the first lines on the terminal.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Options;
use super::listen::{DNS, HTTP};
use crate::upstream::BUILT_IN;

/// What a person needs to begin.
pub(super) struct Banner<'a> {
    pub(super) options: &'a Options,
    pub(super) address: SocketAddr,
    /// Where the page is served, and its address with the token.
    pub(super) http: SocketAddr,
    pub(super) page: String,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Banner { options, address, http, page } = self;
        let is_built_in = options.upstreams.is_empty();
        let name = if is_built_in { "www.example.test" } else { "example.com" };
        let upstreams: Vec<String> = if is_built_in {
            BUILT_IN.iter().map(ToString::to_string).collect()
        } else {
            options.upstreams.iter().map(ToString::to_string).collect()
        };
        let origin = if is_built_in { "built in: " } else { "" };
        let dig = format!("dig @{} -p {} {name}", reachable(address.ip()), address.port());

        writeln!(f, "hamadryad-demo {}", env!("CARGO_PKG_VERSION"))?;
        for (asked, listen, got) in [(options.listen, DNS, address), (options.http, HTTP, http)] {
            if asked.is_none() && *got != listen.default {
                writeln!(f, "  port {} is taken, so this is the next free one: {}", listen.default.port(), got.port())?;
            }
        }
        writeln!(f, "  DNS        {:<24} try: {dig}", format!("udp {address}"))?;
        writeln!(f, "  page       {page}")?;
        writeln!(f, "  upstreams  {origin}{}", upstreams.join(", "))?;
        write!(f, "  report     {:<24} stop: Ctrl-C", format!("kill -USR1 {}", std::process::id()))
    }
}

/// Where to ask a server that listens on `ip`.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
