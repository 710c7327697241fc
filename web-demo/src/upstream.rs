//! [`BuiltIn`]: upstreams with manners, for a daemon that is given none.

use core::cell::Cell;
use core::fmt;
use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use domain::base::iana::OptRcode;
use hamadryad_native::net::UdpSocket;
use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Node};

use crate::daemon::Terminal;
use crate::service::Service;
use crate::{Found, Query, Reply, Upstream, Zone};

/// An upstream that is part of the daemon: a DNS server on a loopback port, under the same tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BuiltIn {
    name: &'static str,
    manners: Manners,
}

#[derive(Clone, Copy, Debug)]
enum Manners {
    /// Has a port and never answers.
    Dead,
    /// Answers, late, and to every so many only with REFUSED.
    Alive { after: Duration, refuses_every: Option<u32> },
}

/// One that is dead, one that is slow, one that is moody: what a resolver has to live with.
pub(crate) const BUILT_IN: [BuiltIn; 3] = [
    BuiltIn { name: "upstream-1", manners: Manners::Dead },
    BuiltIn { name: "upstream-2", manners: Manners::Alive { after: millis(40), refuses_every: None } },
    BuiltIn { name: "upstream-3", manners: Manners::Alive { after: millis(5), refuses_every: Some(5) } },
];

impl BuiltIn {
    /// Binds a free loopback port under the zone's node and answers from the zone there.
    pub(crate) fn start(self, zone: Node<Zone>, terminal: Terminal) -> io::Result<Upstream<SocketAddr>> {
        let service = Service::new(*zone, self.name);
        let socket = UdpSocket::bind(service, (Ipv4Addr::LOCALHOST, 0))?;
        let peer = socket.local_addr()?;
        match self.manners {
            Manners::Dead => Ok(Upstream::new(format!("{} (dead)", self.name), peer)),
            Manners::Alive { after, refuses_every } => {
                let asked = Cell::new(0_u32);
                Service::serve(service, socket, terminal, async move |me, query: &Query| {
                    asked.set(asked.get() + 1);
                    let refuses = refuses_every.is_some_and(|every| asked.get().is_multiple_of(every));
                    answer(me, zone, query, after, refuses).await
                });
                Ok(Upstream::new(self.name, peer))
            }
        }
    }
}

/// Who refuses does not look anything up, so `slow` is refused at once.
async fn answer(me: AnyNode, zone: Node<Zone>, query: &Query, after: Duration, refuses: bool) -> Vec<u8> {
    let refusal = || Found { reply: Reply::code(OptRcode::REFUSED), after: Duration::ZERO };
    let found = if refuses { refusal() } else { zone.with(|zone| zone.look_up(&query.question)) };
    let _freed_is_never_polled_again = me.sleep(after + found.after).await;
    found.reply.compose(&query.head, Some(&query.question))
}

/// `upstream-3 (5 ms, answers REFUSED to every fifth)`
impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.manners {
            Manners::Dead => write!(f, "{} (dead)", self.name),
            Manners::Alive { after, refuses_every: None } => write!(f, "{} ({} ms)", self.name, after.as_millis()),
            Manners::Alive { after, refuses_every: Some(every) } => {
                write!(f, "{} ({} ms, answers REFUSED to every {})", self.name, after.as_millis(), Ordinal(every))
            }
        }
    }
}

struct Ordinal(u32);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            5 => f.write_str("fifth"),
            n => write!(f, "{n}th"),
        }
    }
}
