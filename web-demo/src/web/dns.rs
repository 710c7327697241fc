//! `/dns`: DNS messages in, DNS messages out.

use std::rc::Rc;

use async_tungstenite::tungstenite::{Bytes, Message};
use domain::base::iana::OptRcode;
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad::{AnyNode, Connect, Ended};

use super::close::Close;
use super::outbox::Outbox;
use super::relay::relay;
use super::site::Site;
use super::socket::converse;
use crate::service::QUERY_LIMIT;
use crate::{Query, Reply, Unanswerable};

/// Until the client goes or is told to. With an `upstream`, that one answers.
pub(super) async fn serve<S, C, A>(me: AnyNode, stream: S, part: Vec<u8>, site: &Rc<Site<C, A>>, upstream: Option<C::Peer>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    C: Connect<Peer: Clone> + 'static,
    A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
{
    let outbox = Outbox::new(me, site.limits.unsent_bytes);
    let take_in = |message| match message {
        Message::Binary(message) => take_in(me, &message, site, upstream.as_ref(), outbox),
        _ => Err(Close::new(Close::WRONG_KIND, "DNS messages are binary")),
    };
    let closed = converse(me, stream, part, outbox, site.limits, site.limits.dns_bytes, take_in).await;
    site.tell_close("/dns", closed.as_ref());
}

fn take_in<C, A>(me: AnyNode, message: &Bytes, site: &Rc<Site<C, A>>, upstream: Option<&C::Peer>, outbox: Outbox) -> Result<(), Close>
where
    C: Connect<Peer: Clone> + 'static,
    A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
{
    let query = match Query::parse(message) {
        Ok(query) => query,
        Err(Unanswerable::Rejected(rejected)) => {
            return outbox.push(Message::binary(rejected.reply()));
        }
        // Over UDP this meets silence; here someone is at the other end who should know.
        Err(Unanswerable::Silence) => return Err(Close::new(Close::POLICY, "that is no DNS query")),
    };
    if outbox.owed() >= site.limits.queries_each {
        return Err(Close::new(Close::POLICY, format!("more than {} queries at once", site.limits.queries_each)));
    }
    let Some(seat) = site.query_seat() else {
        return outbox.push(Message::binary(Reply::code(OptRcode::SERVFAIL).compose(&query.head, Some(&query.question))));
    };
    let (owed, label) = (outbox.owe()?, query.question.to_string());
    let (site, upstream, message) = (site.clone(), upstream.cloned(), message.clone());
    me.spawn("query", async move |me: AnyNode| {
        let _until_it_ends = (seat, owed);
        let answer = me.scope("answer", async |me| Ok::<_, Ended>(answer(me, &site, &query, &message, upstream).await));
        // One that is dead, or loses what it is asked, is no failure of ours.
        if let Ok(Some(answer)) = answer.timeout(QUERY_LIMIT).await {
            let _closed_meanwhile = outbox.push(Message::binary(answer));
        }
    })
    .label(label)
    .detach();
    Ok(())
}

async fn answer<C, A>(me: AnyNode, site: &Site<C, A>, query: &Query, message: &[u8], upstream: Option<C::Peer>) -> Option<Vec<u8>>
where
    C: Connect<Peer: Clone> + 'static,
    A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
{
    match upstream {
        Some(peer) => relay(me, &site.connect, &peer, message).await.ok().flatten(),
        None => (site.answer)(me, query).await,
    }
}
