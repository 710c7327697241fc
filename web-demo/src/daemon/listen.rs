//! [`Listen`]: finding the addresses that clients ask at.

use core::fmt;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// How many ports are tried from the default one on.
const PORTS: u16 = 100;

/// Where one kind of clients is listened to.
#[derive(Debug)]
pub(super) struct Listen {
    /// The option that says otherwise.
    option: &'static str,
    /// Where we listen when nobody does.
    pub(super) default: SocketAddr,
}

/// For DNS. Not 53: that would take privileges, and is often taken.
pub(super) const DNS: Listen = Listen { option: "--listen", default: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5300) };

/// For the page. Only this machine: whoever can open the page can look into the daemon.
pub(super) const HTTP: Listen = Listen { option: "--http", default: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8300) };

/// No address to listen on.
#[derive(Debug)]
pub(super) struct ListenError {
    address: SocketAddr,
    /// Nobody asked for it: it was the last of those that were tried.
    tried: Option<&'static Listen>,
    source: io::Error,
}

impl Listen {
    /// A socket made by `bind`: at the address asked for and nowhere else, or at the default port or the next one that is free.
    pub(super) fn bind<S>(&'static self, asked: Option<SocketAddr>, bind: impl Fn(SocketAddr) -> io::Result<S>) -> Result<S, ListenError> {
        if let Some(address) = asked {
            return bind(address).map_err(|source| ListenError { address, tried: None, source });
        }
        let failed = |address, source| ListenError { address, tried: Some(self), source };
        let last = self.default.port() + PORTS - 1;
        for port in self.default.port()..last {
            let address = SocketAddr::new(self.default.ip(), port);
            match bind(address) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                bound => return bound.map_err(|source| failed(address, source)),
            }
        }
        let address = SocketAddr::new(self.default.ip(), last);
        bind(address).map_err(|source| failed(address, source))
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { address, tried, source } = self;
        match (source.kind(), tried) {
            (ErrorKind::AddrInUse, None) => {
                write!(f, "cannot listen on {address}: another program does; choose another address, or port 0 for any free one")
            }
            (ErrorKind::AddrInUse, Some(Listen { option, default })) => {
                write!(f, "cannot listen: {default} and the ports up to {} are all taken; choose one with {option} ADDR", address.port())
            }
            _ => write!(f, "cannot listen on {address}: {source}"),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
