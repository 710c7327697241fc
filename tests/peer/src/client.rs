//! [`NativeSockets`]: WebSockets as the portable transport, natively.

use async_tungstenite::tungstenite::{Error, Message};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, client_async};
use futures_core::Stream;
use hamadryad_native::net::TcpStream;
use hamadryad_native::prelude::*;
use hamadryad_native::{Channel, ChannelError, Connect, Ready, Request, SourceClass};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::pin::Pin;

/// Bytes in the largest message that is sent.
const LIMIT: usize = 16 << 20;

/// [`Connect`] by WebSocket to `(address, path)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeSockets;

impl Connect for NativeSockets {
    type Peer = (SocketAddr, String);
    type Channel = NativeSocket;

    #[track_caller]
    fn connect(&self, owner: AnyNode, (address, path): &(SocketAddr, String)) -> Request<NativeSocket, ChannelError> {
        let (address, url) = (*address, format!("ws://{address}{path}"));
        owner.spawn("connect", async move |me| {
            let stream = TcpStream::connect(me, address).await.map_err(|error| match error.kind() {
                io::ErrorKind::ConnectionRefused => ChannelError::Refused,
                _ => ChannelError::Unreachable,
            })?;
            let (socket, _) = client_async(url, stream).await.map_err(|_| ChannelError::Refused)?;
            let (sender, receiver) = socket.split();
            let halves = Halves { sender: Some(sender), receiver: Some(receiver), end: None };
            let made = owner.source(SourceClass::Io, "WebSocket", |_| Ok::<_, Infallible>(halves));
            let node = made.map_err(|_| ChannelError::Unreachable)?;
            let _kept_by_a_hook = stream.reparent(node);
            Ok(NativeSocket(node))
        })
    }
}

/// A connection: a handle to a node, as the browser's is. One request sends, one receives.
#[derive(Clone, Copy, Debug)]
pub struct NativeSocket(Node<Halves>);

/// Each half is out while a verb uses it.
struct Halves {
    sender: Option<WebSocketSender<TcpStream>>,
    receiver: Option<WebSocketReceiver<TcpStream>>,
    end: Option<(u16, String)>,
}

/// A half that is out: it comes back however the verb ends.
struct Out<H> {
    node: Node<Halves>,
    half: Option<H>,
    place: fn(&mut Halves) -> &mut Option<H>,
}

impl<H> Out<H> {
    async fn take(node: Node<Halves>, place: fn(&mut Halves) -> &mut Option<H>) -> Result<Out<H>, ChannelError> {
        loop {
            match node.try_with_mut(|halves| place(halves).take()) {
                Ok(Some(half)) => return Ok(Out { node, half: Some(half), place }),
                _ => node.ready(Ready::WRITABLE, "room").await?,
            };
        }
    }

    fn half(&mut self) -> &mut H {
        self.half.as_mut().expect("it is here until it is dropped")
    }
}

impl<H> Drop for Out<H> {
    fn drop(&mut self) {
        let half = self.half.take();
        if self.node.try_with_mut(|halves| *(self.place)(halves) = half).is_ok() {
            self.node.mark_ready(Ready::WRITABLE);
        }
    }
}

impl NativeSocket {
    /// Why a verb failed: the node's end, the peer's, or the connection's.
    async fn why(self, error: Option<Error>) -> ChannelError {
        if !self.is_alive()
            && let Err(ended) = self.sleep(millis(0)).await
        {
            return ended.into();
        }
        let told = self.0.try_with_mut(|halves| halves.end.clone()).ok().flatten();
        let (code, reason) = told.unwrap_or_else(|| (1006, error.map(|error| error.to_string()).unwrap_or_default()));
        ChannelError::Closed { code, reason }
    }
}

impl Channel for NativeSocket {
    const RELIABLE: bool = true;

    fn limit(self) -> usize {
        LIMIT
    }

    /// Cancel-safe: the message is taken whole, and what is left of it goes with the next one.
    async fn send(self, message: &[u8]) -> Result<(), ChannelError> {
        if message.len() > LIMIT {
            return Err(ChannelError::TooLarge { limit: LIMIT });
        }
        let mut out = Out::take(self.0, |halves| &mut halves.sender).await?;
        match out.half().send(Message::binary(message.to_vec())).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.why(Some(error)).await),
        }
    }

    /// Cancel-safe: a message is taken in the poll that returns it.
    async fn receive(self, message: &mut Vec<u8>) -> Result<(), ChannelError> {
        let mut out = Out::take(self.0, |halves| &mut halves.receiver).await?;
        loop {
            let next = poll_fn(|context| Pin::new(out.half()).poll_next(context)).await;
            match next {
                Some(Ok(Message::Close(frame))) => {
                    let end = frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                    let _stale = self.0.try_with_mut(|halves| halves.end = Some(end)).is_err();
                }
                Some(Ok(received)) if received.is_text() || received.is_binary() => {
                    message.clear();
                    message.extend_from_slice(&received.into_data());
                    return Ok(());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(self.why(Some(error)).await),
                None => return Err(self.why(None).await),
            }
        }
    }
}

impl Deref for NativeSocket {
    type Target = AnyNode;

    fn deref(&self) -> &AnyNode {
        &self.0
    }
}

impl From<NativeSocket> for AnyNode {
    fn from(socket: NativeSocket) -> AnyNode {
        *socket
    }
}
