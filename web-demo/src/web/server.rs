//! [`Server`]: takes in connections over TCP.

use core::time::Duration;
use std::io;
use std::rc::Rc;

use hamadryad_native::net::{TcpListener, TcpStream};
use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Connect};

use super::Limits;
use super::connection::{linger, serve};
use super::refusal::Refusal;
use super::response::Response;
use super::site::{Seat, Site};
use crate::Query;
use crate::daemon::Terminal;
use crate::let_others_run::let_others_run;

/// Connections that are taken in before everybody else has a turn.
const BATCH: usize = 16;

/// The pause after an error of the socket, so that an error that stays (no more files, as a rule) does not keep us busy.
const PAUSE: Duration = millis(10);

/// What the loop holds on to.
pub(crate) struct Server<C: Connect, A> {
    pub(crate) site: Rc<Site<C, A>>,
    pub(crate) listener: TcpListener,
    pub(crate) terminal: Terminal,
}

impl<C, A> Server<C, A>
where
    C: Connect<Peer: Clone> + 'static,
    A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
{
    /// Serves until the site's node is shut down or freed. The loop is a background request: on shutdown it stops at once, while the
    /// connections below it have their grace.
    pub(crate) fn start(self) {
        self.site.node().spawn("accept", async move |me| self.run(me).await).background().detach();
    }

    async fn run(self, me: AnyNode) -> io::Result<()> {
        let terminal = self.terminal;
        // One bad connection is not the end of the server.
        me.on_failure(move |failure| {
            terminal.warn(format_args!("failed: {failure}"));
            Contain
        });
        loop {
            for _ in 0..BATCH {
                match self.listener.accept(me).await {
                    Ok((stream, peer)) => match self.site.seat() {
                        Some(seat) => self.begin(me, stream, peer.to_string(), seat),
                        None => self.turn_away(me, stream).await,
                    },
                    Err(error) if self.listener.is_alive() => {
                        terminal.warn(format_args!("cannot take in connections for now: {error}"));
                        me.sleep(PAUSE).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
            let_others_run().await;
        }
    }

    fn begin(&self, me: AnyNode, stream: TcpStream, peer: String, seat: Seat) {
        let (site, label) = (self.site.clone(), peer.clone());
        let connection = me.spawn("connection", async move |me| {
            let _seat = seat;
            serve(me, stream, peer, site).await;
        });
        let _gone_at_once = stream.reparent(connection.node());
        let _small_messages_are_not_held_back = stream.set_nodelay(true);
        connection.label(label).detach();
    }

    /// One too many: it is told so. A new connection takes a few bytes at once, and is left alone if it does not.
    async fn turn_away(&self, me: AnyNode, mut stream: TcpStream) {
        let Limits { connections, linger_time, .. } = self.site.limits;
        let text = format!("{connections} connections are open; try again when one of them has ended");
        let response = Response::from(Refusal::new(503, text));
        let told = me.scope("turn away", async |_| response.send(&mut stream, false).await).timeout(PAUSE).await;
        match (told, self.site.linger_seat()) {
            (Ok(()), Some(seat)) => {
                let turned_away = me.spawn("turned away", async move |me| {
                    let _seat = seat;
                    linger(me, &mut stream, linger_time).await;
                });
                let _gone_at_once = stream.reparent(turned_away.node());
                turned_away.detach();
            }
            _ => {
                stream.free();
            }
        }
    }
}
