//! `/tree`: what is alive, out; commands for the built-in upstreams, in.

use async_tungstenite::tungstenite::Message;
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad::{AnyNode, Connect};
use serde::Deserialize;

use super::close::Close;
use super::outbox::Outbox;
use super::site::Site;
use super::socket::converse;

/// What the page may say. A part that is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    set: Set,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    upstream: String,
    delay_ms: Option<u32>,
    loss_percent: Option<u8>,
}

/// Room in the outbox for more than one message about the tree.
const OTHER_BYTES: usize = 64 << 10;

/// Until the client goes or is told to.
pub(super) async fn serve<S, C, A>(me: AnyNode, stream: S, part: Vec<u8>, site: &Site<C, A>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    C: Connect<Peer: Clone> + 'static,
{
    let outbox = Outbox::new(me, site.limits.tree_bytes + OTHER_BYTES);
    site.feed.join(outbox);
    let take_in = |message| match message {
        Message::Text(text) => obey(&text, site),
        _ => Err(Close::new(Close::WRONG_KIND, "commands are text")),
    };
    let closed = converse(me, stream, part, outbox, site.limits, site.limits.command_bytes, take_in).await;
    site.tell_close("/tree", closed.as_ref());
}

fn obey<C: Connect<Peer: Clone>, A>(text: &str, site: &Site<C, A>) -> Result<(), Close> {
    let refuse = |text: String| Close::new(Close::POLICY, text);
    let Command { set } = serde_json::from_str(text).map_err(|error| refuse(format!("that is no command: {error}")))?;
    let manners = site.manners(&set.upstream).ok_or_else(|| refuse("there is no built-in upstream of that name".to_owned()))?;
    manners.with_mut(|manners| manners.set(set.delay_ms, set.loss_percent)).map_err(|error| refuse(error.to_string()))
}
