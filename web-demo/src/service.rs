//! [`Service`]: DNS queries in over UDP, one request for each, replies out.

use core::fmt;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use hamadryad_native::net::UdpSocket;
use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Node};

use crate::daemon::Terminal;
use crate::let_others_run::let_others_run;
use crate::{OUR_SIZE, Query, Unanswerable};

/// Queries in flight. Over it, new ones are dropped and counted; their clients ask again.
pub(crate) const IN_FLIGHT_MAX: usize = 4096;

/// How long one query may take, whatever happens: more than any answer takes, so that this ends only what is stuck.
pub(crate) const QUERY_LIMIT: Duration = secs(4);

/// Messages taken in before everybody else has a turn, so that a flood delays but never starves.
const BATCH: usize = 64;

/// The pause after an error of the socket, so that an error that stays does not keep us busy.
const PAUSE: Duration = millis(10);

/// What a service has seen. Its node owns the socket, the loop that reads it, and every query in flight.
#[derive(Debug, Default)]
pub(crate) struct Service {
    in_flight: usize,
    /// Queries taken in.
    taken: u64,
    /// Messages answered with FORMERR, NOTIMP or BADVERS.
    rejected: u64,
    /// Messages that are no queries.
    ignored: u64,
    /// Queries over [`IN_FLIGHT_MAX`].
    dropped: u64,
}

impl Service {
    /// A service that does not serve yet.
    pub(crate) fn new(owner: AnyNode, name: &'static str) -> Node<Service> {
        owner.insert(Service::default()).named(name)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Reads queries from `socket` until the service is shut down or freed, and sends what `answer` makes of each, if anything.
    ///
    /// The loop is a background request: on shutdown it stops at once, while the queries below it have their grace.
    pub(crate) fn serve<A>(service: Node<Service>, socket: UdpSocket, terminal: Terminal, answer: A)
    where
        A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
    {
        let serve = Serve { service, socket, terminal, answer: Rc::new(answer) };
        service.spawn("serve", async move |me| serve.run(me).await).background().detach();
    }
}

/// For the report's label: `12 taken, 0 rejected, 3 ignored, 0 dropped`.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Service { in_flight: _, taken, rejected, ignored, dropped } = self;
        write!(f, "{taken} taken, {rejected} rejected, {ignored} ignored, {dropped} dropped")
    }
}

/// What the loop holds on to: handles.
struct Serve<A> {
    service: Node<Service>,
    socket: UdpSocket,
    terminal: Terminal,
    answer: Rc<A>,
}

impl<A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static> Serve<A> {
    async fn run(self, me: AnyNode) -> io::Result<()> {
        let terminal = self.terminal;
        // One bad query is not the end of the server.
        me.on_failure(move |failure| {
            terminal.warn(format_args!("failed: {failure}"));
            Contain
        });
        let mut buffer = [0; OUR_SIZE as usize];
        loop {
            for _ in 0..BATCH {
                match self.socket.recv_from(&mut buffer).await {
                    Ok((len, client)) => self.take_in(me, &buffer[..len], client).await,
                    Err(error) if self.socket.is_alive() => {
                        terminal.warn(format_args!("cannot receive for now: {error}"));
                        me.sleep(PAUSE).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
            let_others_run().await;
        }
    }

    async fn take_in(&self, me: AnyNode, message: &[u8], client: SocketAddr) {
        match Query::parse(message) {
            Ok(query) => match Place::take(self.service) {
                Some(place) => self.begin(me, query, client, place),
                None => self.terminal.warn(format_args!("dropped {} from {client}: {IN_FLIGHT_MAX} queries are in flight", query.question)),
            },
            Err(Unanswerable::Silence) => self.service.with_mut(|service| service.ignored += 1),
            Err(Unanswerable::Rejected(rejected)) => {
                self.service.with_mut(|service| service.rejected += 1);
                self.terminal.tell(format_args!("answered {} to {client}", rejected.rcode()));
                let _gone_is_gone = self.socket.send_to(&rejected.reply(), client).await;
            }
        }
    }

    fn begin(&self, me: AnyNode, query: Query, client: SocketAddr, place: Place) {
        let (socket, answer, label) = (self.socket, self.answer.clone(), query.question.to_string());
        me.spawn("query", async move |me| {
            let _place = place;
            match answer(me, &query).await {
                Some(reply) => socket.send_to(&reply, client).await.map(drop),
                None => Ok(()),
            }
        })
        .timeout(QUERY_LIMIT)
        .label(label)
        .detach();
    }
}

/// A place among the queries in flight, given back on drop, however the query ends.
struct Place(Node<Service>);

impl Place {
    fn take(service: Node<Service>) -> Option<Place> {
        service.with_mut(|value| {
            if value.in_flight == IN_FLIGHT_MAX {
                value.dropped += 1;
                return None;
            }
            value.in_flight += 1;
            value.taken += 1;
            Some(Place(service))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _last_of_all = self.0.try_with_mut(|service| service.in_flight -= 1);
    }
}
