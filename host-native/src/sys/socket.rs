//! What `std::net` does not have: a connection that begins without waiting, and an accept that spares two calls.
#![expect(unsafe_code, reason = "socket(2), connect(2), accept4(2)")]

use std::io;
use std::mem::size_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

const FLAGS: libc::c_int = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;

/// Whether a connection stands already.
pub(crate) enum Connecting {
    Done,
    InProgress,
}

/// A TCP socket of `peer`'s family.
pub(crate) fn stream(peer: SocketAddr) -> io::Result<OwnedFd> {
    let family = if peer.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    // SAFETY: no pointers; the result is a new descriptor or -1.
    super::owned(unsafe { libc::socket(family, libc::SOCK_STREAM | FLAGS, 0) })
}

/// Begins to connect.
pub(crate) fn connect(socket: BorrowedFd<'_>, peer: SocketAddr) -> io::Result<Connecting> {
    let (address, len) = Address::of(peer);
    // SAFETY: `address` holds `len` bytes of the structure that its family says (ip(7), ipv6(7)).
    let result = unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), len) };
    match super::checked(result) {
        Ok(_) => Ok(Connecting::Done),
        // After EINTR the connection is made in the background, too (connect(2)).
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => Ok(Connecting::InProgress),
        Err(error) => Err(error),
    }
}

/// Takes the next connection of a listening socket.
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, SocketAddr)> {
    let mut address = Address { v6: Address::EMPTY_V6 };
    let mut len = size_of::<Address>() as libc::socklen_t;
    // SAFETY: `address` has room for `len` bytes, and both live through the call.
    let result = unsafe { libc::accept4(listener.as_raw_fd(), (&raw mut address).cast(), &raw mut len, FLAGS) };
    let socket = super::owned(result)?;
    Ok((socket, address.decoded()?))
}

/// An internet address as the kernel has it. Plain numbers only: any bytes are a valid value of either form.
#[repr(C)]
union Address {
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl Address {
    const EMPTY_V6: libc::sockaddr_in6 = libc::sockaddr_in6 {
        sin6_family: 0,
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: [0; 16] },
        sin6_scope_id: 0,
    };

    fn of(address: SocketAddr) -> (Address, libc::socklen_t) {
        match address {
            SocketAddr::V4(address) => (Address { v4: v4_of(address) }, size_of::<libc::sockaddr_in>() as libc::socklen_t),
            SocketAddr::V6(address) => (Address { v6: v6_of(address) }, size_of::<libc::sockaddr_in6>() as libc::socklen_t),
        }
    }

    fn decoded(&self) -> io::Result<SocketAddr> {
        // SAFETY: both forms begin with the family, and every byte is initialised (the larger form was, and the kernel wrote into it).
        let family = libc::c_int::from(unsafe { self.v4.sin_family });
        match family {
            libc::AF_INET => {
                // SAFETY: as above: plain numbers, all initialised.
                let v4 = unsafe { self.v4 };
                let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
                Ok(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            libc::AF_INET6 => {
                // SAFETY: as above.
                let v6 = unsafe { self.v6 };
                let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
                Ok(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, v6.sin6_scope_id).into())
            }
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the peer's address is neither IPv4 nor IPv6")),
        }
    }
}

fn v4_of(address: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: address.port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(*address.ip()).to_be() },
        sin_zero: [0; 8],
    }
}

fn v6_of(address: SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: address.port().to_be(),
        sin6_flowinfo: address.flowinfo(),
        sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
        sin6_scope_id: address.scope_id(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_the_way_to_the_kernel_and_back() {
        for text in ["192.0.2.7:53", "[2001:db8::1%3]:8080", "[::1]:1"] {
            let address: SocketAddr = text.parse().expect("a literal address");
            assert_eq!(Address::of(address).0.decoded().expect("a known family"), address);
        }
    }
}
