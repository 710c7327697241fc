//! [`Server`].

use crate::behaviour::Behaviour;
use crate::head::Head;
use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::protocol::Role;
use hamadryad_native::net::{TcpListener, TcpStream};
use hamadryad_native::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

/// Tried first by [`Server::start_for_builds`].
const PORT: u16 = 18_473;

/// A WebSocket server on loopback. What it does, the path of its client says:
///
/// - `/echo`: everything comes back, text as text;
/// - `/late/MS`: the same, each so much later;
/// - `/lazy/MS`: reads nothing for so long; then answers each message with its number and length, as text `N LEN`;
/// - `/mute`: reads nothing, says nothing;
/// - `/close/CODE/REASON`: one message `last words`, then the end;
/// - `/drop`: the same, then the connection breaks;
/// - `/flood/N/LEN`: N messages of LEN bytes, each beginning with its number (4 bytes, big endian), then as `/echo`; told an end, it
///   remembers the code;
/// - `/hang`: the connection is taken, and never answered;
/// - `/open`: answers each message `TAG` with the number of open connections whose query is TAG, and the code that the last of them was
///   closed with, as text `N CODE`;
/// - anything else: 404.
///
/// Of several sub-protocols it chooses the last.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    address: SocketAddr,
}

/// Who is connected, by the query of their URL.
#[derive(Default)]
pub(crate) struct Guests(RefCell<HashMap<String, Guest>>);

#[derive(Default)]
struct Guest {
    open: usize,
    code: u16,
}

impl Server {
    /// Serves under `owner`, on any port.
    ///
    /// # Errors
    /// There is no port, or no descriptor.
    pub fn start(owner: AnyNode) -> io::Result<Server> {
        Server::serve(owner, TcpListener::bind(owner, "127.0.0.1:0")?)
    }

    /// The same, on a port that is mostly the same as last time: so what is built for one run mostly fits the next one.
    ///
    /// # Errors
    /// As [`start`](Server::start).
    pub fn start_for_builds(owner: AnyNode) -> io::Result<Server> {
        match TcpListener::bind(owner, ("127.0.0.1", PORT)) {
            Ok(listener) => Server::serve(owner, listener),
            Err(_) => Server::start(owner),
        }
    }

    fn serve(owner: AnyNode, listener: TcpListener) -> io::Result<Server> {
        let address = listener.local_addr()?;
        let guests = Rc::new(Guests::default());
        let server = owner.spawn("server", async move |me| -> io::Result<()> {
            me.on_failure(|_| Contain); // clients come and go as they like
            loop {
                let (stream, _) = listener.accept(me).await?;
                let guests = guests.clone();
                me.spawn("connection", async move |me| {
                    let _gone = stream.reparent(me);
                    serve(me, stream, &guests).await
                })
                .detach();
            }
        });
        server.background().detach();
        Ok(Server { address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(me: AnyNode, stream: TcpStream, guests: &Guests) -> io::Result<()> {
    let head = Head::read(stream).await?;
    let (path, tag) = head.target();
    let Some(behaviour) = Behaviour::of_path(path) else { return Head::refuse(stream).await };
    let mut guest = guests.enter(tag);
    if let Behaviour::Hang = behaviour {
        return Head::read(stream).await.map(drop); // until the client goes
    }
    head.accept(stream).await?;
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let result = behaviour.run(me, &mut socket, &mut guest, guests).await;
    result.map_err(io::Error::other)
}

impl Guests {
    fn enter(&self, tag: &str) -> Visit<'_> {
        self.0.borrow_mut().entry(tag.to_owned()).or_default().open += 1;
        Visit { guests: self, tag: tag.to_owned() }
    }

    /// How many are there, and the code that the last one left with.
    pub(crate) fn state(&self, tag: &str) -> (usize, u16) {
        self.0.borrow().get(tag).map_or((0, 0), |guest| (guest.open, guest.code))
    }
}

/// A connection, as long as it lasts.
pub(crate) struct Visit<'a> {
    guests: &'a Guests,
    tag: String,
}

impl Visit<'_> {
    /// The client's last code.
    pub(crate) fn leaves_with(&mut self, code: u16) {
        if let Some(guest) = self.guests.0.borrow_mut().get_mut(&self.tag) {
            guest.code = code;
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if let Some(guest) = self.guests.0.borrow_mut().get_mut(&self.tag) {
            guest.open -= 1;
        }
    }
}
