//! [`converse`]: a WebSocket from its handshake to its end.

use core::future::poll_fn;
use core::pin::{Pin, pin};

use async_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use async_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use async_tungstenite::tungstenite::{Bytes, Message};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad::{AnyNode, Ended};

use super::Limits;
use super::close::Close;
use super::outbox::Outbox;
use super::paced::Paced;
use super::race::{First, race};
use crate::let_others_run::let_others_run;

/// Bytes that are read at once.
const READ_BYTES: usize = 4 << 10;

/// Messages that are taken in before everybody else has a turn.
const BATCH: u32 = 8;

/// Takes in what the client says, sends what lies in the outbox, and ends when the client goes, when it is to be closed (then that is
/// said to the client and returned), or when a shutdown begins, after all that is owed was sent.
///
/// `part` is what came with the handshake. A message has at most `message_bytes`; `take_in` says no to it by a reason to close.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    me: AnyNode,
    stream: S,
    part: Vec<u8>,
    outbox: Outbox,
    limits: Limits,
    message_bytes: usize,
    take_in: impl FnMut(Message) -> Result<(), Close>,
) -> Option<Close> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        // More than one message of ours, and what is left is for pongs that a client asks for and does not read.
        .max_write_buffer_size(limits.tree_bytes + limits.dns_bytes)
        .max_message_size(Some(message_bytes))
        .max_frame_size(Some(message_bytes));
    let socket = WebSocketStream::from_partially_read(Paced::new(stream), part, Role::Server, Some(config)).await;
    let (sender, receiver) = socket.split();
    let mut sending = pin!(me.spawn("send", async move |me| send(me, outbox, sender, limits).await));
    let close = match race(receive(me, receiver, limits, take_in), race(me.closing(), sending.as_mut())).await {
        First::Left(Ok(())) => return None,
        First::Left(Err(close)) => {
            outbox.close(close.clone());
            close
        }
        First::Right(First::Left(())) => {
            let close = Close::new(Close::GOING_AWAY, "the daemon stops");
            outbox.close_after_all(close.clone());
            close
        }
        First::Right(First::Right(ended)) => return ended.unwrap_or_else(|ended| Some(ended.into())),
    };
    let _said_or_not = sending.await;
    Some(close)
}

/// Until the client is gone.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    me: AnyNode,
    mut receiver: WebSocketReceiver<Paced<S>>,
    limits: Limits,
    mut take_in: impl FnMut(Message) -> Result<(), Close>,
) -> Result<(), Close> {
    let mut taken = 0_u32;
    loop {
        let next = me.scope("receive", async |_| Ok::<_, Ended>(poll_fn(|context| Pin::new(&mut receiver).poll_next(context)).await));
        match next.timeout(limits.silence).await {
            Ok(Some(Ok(message @ (Message::Text(_) | Message::Binary(_))))) => take_in(message)?,
            // Pings are answered, and a goodbye is returned, by what is called next.
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return why(error).map_or(Ok(()), Err),
            Ok(None) => return Ok(()),
            Err(Ended::TimedOut { .. }) => {
                return Err(Close::new(Close::POLICY, format!("no sign of life for {} s", limits.silence.as_secs())));
            }
            Err(ended) => return Err(ended.into()),
        }
        taken = taken.wrapping_add(1);
        if taken.is_multiple_of(BATCH) {
            let_others_run().await;
        }
    }
}

/// What to tell a client that cannot be understood; nothing, if it is not there any more.
fn why(error: Error) -> Option<Close> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            Some(Close::new(Close::TOO_LARGE, format!("a message may have {max_size} bytes here, not {size}")))
        }
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(error) => Some(Close::new(Close::PROTOCOL, error.to_string())),
        Error::Utf8(error) => Some(Close::new(Close::NO_TEXT, error)),
        _ => None,
    }
}

/// Until the goodbye is sent, or nothing can be. Now and then the client is asked for a sign of life.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    me: AnyNode,
    outbox: Outbox,
    mut sender: WebSocketSender<Paced<S>>,
    limits: Limits,
) -> Result<Option<Close>, Ended> {
    loop {
        let (message, close) = match race(outbox.next(), me.sleep(limits.ping_every)).await {
            First::Left(Ok(message)) => (message, None),
            First::Left(Err(close)) => (Message::Close(Some(close.frame())), Some(close)),
            First::Right(Ok(())) => (Message::Ping(Bytes::new()), None),
            First::Right(Err(ended)) => return Err(ended),
        };
        match me.scope("message", async |_| Ok::<_, Ended>(sender.send(message).await)).timeout(limits.send_time).await {
            Ok(Ok(())) if close.is_none() => {}
            Ok(_) => return Ok(close),
            Err(Ended::TimedOut { .. }) => {
                let seconds = limits.send_time.as_secs();
                return Ok(Some(Close::new(Close::POLICY, format!("a message was not taken in within {seconds} s"))));
            }
            Err(ended) => return Err(ended),
        }
    }
}
