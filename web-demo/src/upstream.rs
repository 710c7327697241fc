//! [`BuiltIn`]: upstreams with manners, for a daemon that is given none.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use core::time::Duration;
use domain::base::iana::OptRcode;
use hamadryad_native::net::UdpSocket;
use hamadryad_native::{AnyNode, Node};

use crate::daemon::Terminal;
use crate::manners::Treatment;
use crate::service::Service;
use crate::{Found, Manners, Query, Reply, Upstream, Zone};

/// One that is dead, one that is slow, one that is moody: what a resolver has to live with.
pub(crate) const BUILT_IN: [Manners; 3] =
    [Manners::dead("upstream-1"), Manners::alive("upstream-2", 40), Manners::alive("upstream-3", 5).refusing_every(5)];

/// An upstream that is part of the daemon: a DNS server on a loopback port, under the same tree.
#[derive(Clone, Debug)]
pub(crate) struct BuiltIn {
    pub(crate) manners: Node<Manners>,
    pub(crate) upstream: Upstream<SocketAddr>,
}

impl BuiltIn {
    /// Binds a free loopback port under the zone's node and answers from the zone there.
    pub(crate) fn start(manners: Manners, zone: Node<Zone>, terminal: Terminal) -> io::Result<BuiltIn> {
        let service = Service::new(*zone, manners.name());
        let socket = UdpSocket::bind(service, (Ipv4Addr::LOCALHOST, 0))?;
        let peer = socket.local_addr()?;
        let name = if manners.is_dead() { format!("{} (dead)", manners.name()) } else { manners.name().to_owned() };
        let is_dead = manners.is_dead();
        let manners = service.insert(manners).named("manners");
        if !is_dead {
            Service::serve(service, socket, terminal, async move |me, query: &Query| answer(me, zone, manners, query).await);
        }
        Ok(BuiltIn { manners, upstream: Upstream::new(name, peer) })
    }
}

/// Who refuses does not look anything up, so `slow` is refused at once.
async fn answer(me: AnyNode, zone: Node<Zone>, manners: Node<Manners>, query: &Query) -> Option<Vec<u8>> {
    let mut dice = [0; 4];
    me.fill_random(&mut dice);
    let dice = (u32::from_ne_bytes(dice) % 100) as u8;
    let (found, after) = match manners.with_mut(|manners| manners.next(dice)) {
        Treatment::Lost => return None,
        Treatment::Refused(after) => (Found { reply: Reply::code(OptRcode::REFUSED), after: Duration::ZERO }, after),
        Treatment::Answered(after) => (zone.with(|zone| zone.look_up(&query.question)), after),
    };
    let _freed_is_never_polled_again = me.sleep(after + found.after).await;
    Some(found.reply.compose(&query.head, Some(&query.question)))
}
