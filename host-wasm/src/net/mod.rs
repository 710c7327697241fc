//! Sockets of a page or worker. They are nodes: made under an owner, used through `Copy` handles, closed when they are freed.

mod line;
mod message;
mod options;
mod received;
mod socket;
mod web_socket;
mod web_sockets;

pub use message::Message;
pub use options::WebSocketOptions;
pub use web_socket::WebSocket;
pub use web_sockets::WebSockets;
