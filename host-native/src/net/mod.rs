//! Sockets: thin names over [`Io`](crate::Io) and the sockets of `std::net`.
//!
//! All are nodes: made under an owner, used through `Copy` handles, closed when they are freed. All are non-blocking and closed on `exec`.

mod tcp_listener;
mod tcp_stream;
mod udp;
mod udp_socket;

pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
pub use udp::{Udp, UdpChannel};
pub use udp_socket::UdpSocket;
