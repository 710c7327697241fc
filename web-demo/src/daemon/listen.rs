//! [`listen`]: finding the address that clients ask at.

use core::fmt;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use hamadryad_native::AnyNode;
use hamadryad_native::net::UdpSocket;

/// Where we listen when nobody says otherwise. Not 53: that would take privileges, and is often taken.
pub(crate) const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5300);

/// How many ports are tried from the default one on.
const PORTS: u16 = 100;

/// No address to listen on.
#[derive(Debug)]
pub(crate) struct ListenError {
    address: SocketAddr,
    asked: bool,
    source: io::Error,
}

/// A socket under `owner`: at the address asked for and nowhere else, or at the default port or the next one that is free.
pub(crate) fn listen(owner: impl Into<AnyNode>, asked: Option<SocketAddr>) -> Result<UdpSocket, ListenError> {
    let owner = owner.into();
    if let Some(address) = asked {
        return UdpSocket::bind(owner, address).map_err(|source| ListenError { address, asked: true, source });
    }
    let last = DEFAULT.port() + PORTS - 1;
    for port in DEFAULT.port()..last {
        match UdpSocket::bind(owner, (DEFAULT.ip(), port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound.map_err(|source| ListenError { address: SocketAddr::new(DEFAULT.ip(), port), asked: false, source }),
        }
    }
    let address = SocketAddr::new(DEFAULT.ip(), last);
    UdpSocket::bind(owner, address).map_err(|source| ListenError { address, asked: false, source })
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ListenError { address, asked, source } = self;
        match (source.kind(), asked) {
            (ErrorKind::AddrInUse, true) => {
                write!(f, "cannot listen on {address}: another program does; choose another address, or port 0 for any free one")
            }
            (ErrorKind::AddrInUse, false) => {
                write!(f, "cannot listen: {DEFAULT} and the ports up to {} are all taken; choose one with --listen ADDR", address.port())
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
