//! The daemon's web side: the page over HTTP, and for it two kinds of WebSockets.
//!
//! | path | what |
//! |---|---|
//! | `/…` | the files of the built page, by GET and HEAD |
//! | `/dns` | one binary message is one DNS message; answered by the daemon's resolver |
//! | `/dns?upstream=NAME` | the same, answered by that one built-in upstream |
//! | `/tree` | JSON: what is alive, as it changes; takes commands for the built-in upstreams |
//!
//! No other site may read or drive any of it: everything asks for a [Host](Gate) that is our own address, the WebSockets also for an
//! Origin that is and for the token of the address that was printed at start.
//!
//! A connection is a request, and what belongs to it hangs below it: its socket, what is still to be sent, every query. It knows no
//! operating system, only a stream of bytes, so the tests run it in virtual time. Whatever a client does meets a [limit](Limits) and a
//! refusal that says which.

mod close;
mod connection;
mod dns;
mod feed;
mod gate;
mod head;
mod limits;
mod outbox;
mod paced;
mod page;
mod percent;
mod race;
mod refusal;
mod relay;
mod response;
mod server;
mod site;
mod socket;
mod token;
mod tree;
mod upgrade;

pub use connection::serve;
pub use gate::Gate;
pub use limits::Limits;
pub use page::Page;
pub use relay::Relay;
pub(crate) use server::Server;
pub use site::{Counts, Seat, Site};
pub use token::Token;
