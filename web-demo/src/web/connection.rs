//! [`serve`]: one connection, from its first byte to its last.

use core::future::poll_fn;
use core::pin::Pin;
use core::time::Duration;
use std::io;
use std::rc::Rc;

use futures_io::{AsyncRead, AsyncWrite};
use hamadryad::{AnyNode, Connect, Ended};

use super::head::{Head, HeadError, read_some};
use super::limits::Limits;
use super::race::{First, race};
use super::refusal::Refusal;
use super::response::{Response, write_all};
use super::site::{Seat, Site};
use super::{dns, tree, upgrade};
use crate::Query;
use crate::let_others_run::let_others_run;

/// Bytes that are read and thrown away of who was said goodbye to.
const LINGER_BYTES: usize = 256 << 10;

/// What a request comes to.
enum Route<P> {
    Page(Response),
    /// The response that begins it, and who answers: everybody, or one upstream.
    Dns(String, Option<P>),
    /// The response that begins it, and a place among those who watch.
    Tree(String, Seat),
}

/// Serves one request of the client at the other end of `stream`, and then nothing more; a WebSocket until it ends. `peer` is for people.
///
/// Everything that belongs to it hangs below `me`. Nothing that a client does is a failure.
pub async fn serve<S, C, A>(me: AnyNode, mut stream: S, peer: String, site: Rc<Site<C, A>>)
where
    S: AsyncRead + AsyncWrite + Clone + Unpin + 'static,
    C: Connect<Peer: Clone> + 'static,
    A: AsyncFn(AnyNode, &Query) -> Option<Vec<u8>> + 'static,
{
    // A head that is not there when a shutdown begins is not waited for.
    let First::Left(head) = race(read_head(me, &mut stream, &site.limits), me.closing()).await else { return };
    let routed = head.and_then(|(head, part)| {
        me.label(format!("{peer} {}", shown(&head)));
        let route = route(&head, &site).inspect_err(|refusal| {
            // Browsers look for this and that by themselves.
            if refusal.status != 404 {
                site.tell(format_args!("{peer} {}: {refusal}", shown(&head)));
            }
        });
        Ok((route?, head.method == "HEAD", part))
    });
    match routed {
        Ok((Route::Page(response), only_head, _)) => respond(me, &mut stream, response, only_head, &site.limits).await,
        Ok((Route::Dns(response, upstream), _, part)) => {
            if write_all(&mut stream, response.as_bytes()).await.is_ok() {
                dns::serve(me, stream.clone(), part, &site, upstream).await;
            }
        }
        Ok((Route::Tree(response, _seat), _, part)) => {
            if write_all(&mut stream, response.as_bytes()).await.is_ok() {
                tree::serve(me, stream.clone(), part, &site).await;
            }
        }
        Err(HeadError::Refused(refusal)) => respond(me, &mut stream, refusal.into(), false, &site.limits).await,
        Err(HeadError::Gone) => return,
    }
    linger(me, &mut stream, site.limits.linger_time).await;
}

async fn read_head<S: AsyncRead + Unpin>(me: AnyNode, stream: &mut S, limits: &Limits) -> Result<(Head, Vec<u8>), HeadError> {
    let head = me.scope("head", async |_| Ok::<_, Ended>(Head::read(stream, limits.head_bytes).await));
    match head.timeout(limits.head_time).await {
        Ok(head) => head,
        Err(Ended::TimedOut { .. }) => {
            Err(Refusal::new(408, format!("no request was there within {} s", limits.head_time.as_secs())).into())
        }
        Err(_) => Err(HeadError::Gone),
    }
}

/// What a request is for people: never with its token.
fn shown(head: &Head) -> String {
    let upstream = head.parameter("upstream").filter(|name| name.len() < 40).map(|name| format!(" {}", name.escape_default()));
    let method: String = head.method.chars().take(10).collect();
    format!("{method} {}{}", head.shown_path(), upstream.unwrap_or_default())
}

fn route<C: Connect<Peer: Clone>, A>(head: &Head, site: &Site<C, A>) -> Result<Route<C::Peer>, Refusal> {
    let host = site.gate.host(head)?;
    if !matches!(head.method.as_str(), "GET" | "HEAD") {
        return Err(Refusal::new(405, "only GET and HEAD are served here").with("Allow", "GET, HEAD"));
    }
    if head.has_body {
        return Err(Refusal::new(413, "a request may have no content here"));
    }
    match head.path.as_str() {
        "/dns" => {
            site.gate.admit(head)?;
            let upstream = head.parameter("upstream").map(|name| site.relay(&name)).transpose()?;
            Ok(Route::Dns(upgrade::accept(head)?, upstream))
        }
        "/tree" => {
            site.gate.admit(head)?;
            let response = upgrade::accept(head)?;
            let full = || Refusal::new(503, format!("{} pages watch the tree already", site.limits.watchers));
            Ok(Route::Tree(response, site.watcher_seat().ok_or_else(full)?))
        }
        path => {
            let (media_type, body) = site.page.open(path).ok_or_else(|| Refusal::not_found(head))?;
            Ok(Route::Page(Response::new(media_type, body, host)))
        }
    }
}

async fn respond<S: AsyncWrite + Unpin>(me: AnyNode, stream: &mut S, response: Response, only_head: bool, limits: &Limits) {
    let sent = me.scope("response", async |_| response.send(stream, only_head).await).timeout(limits.response_time);
    let _gone_or_too_slow: io::Result<()> = sent.await;
}

/// Says that nothing more comes, and waits for the client to see it: closed with something unread, TCP would take back what was sent.
pub(super) async fn linger<S: AsyncRead + AsyncWrite + Unpin>(me: AnyNode, stream: &mut S, limit: Duration) {
    let until_it_goes = me.scope("linger", async |_| -> io::Result<()> {
        poll_fn(|context| Pin::new(&mut *stream).poll_close(context)).await?;
        let mut buffer = [0; 4 << 10];
        let mut read = 0;
        while read < LINGER_BYTES {
            match read_some(stream, &mut buffer).await? {
                0 => break,
                len => read += len,
            }
            let_others_run().await;
        }
        Ok(())
    });
    let _over = until_it_goes.timeout(limit).await;
}
