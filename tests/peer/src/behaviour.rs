//! [`Behaviour`].

use crate::server::{Guests, Visit};
use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::{Error, Message};
use futures_core::Stream;
use hamadryad_native::net::TcpStream;
use hamadryad_native::prelude::*;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

/// What a client's path asks for: see [`Server`](crate::Server).
pub(crate) enum Behaviour {
    Echo { late: Duration },
    Lazy { pause: Duration },
    Mute,
    Close { code: u16, reason: String },
    Drop,
    Flood { count: u32, len: usize },
    Hang,
    Open,
}

type Socket = WebSocketStream<TcpStream>;

impl Behaviour {
    pub(crate) fn of_path(path: &str) -> Option<Behaviour> {
        let words: Vec<&str> = path.split('/').skip(1).collect();
        let behaviour = match words[..] {
            ["echo"] => Behaviour::Echo { late: millis(0) },
            ["late", ms] => Behaviour::Echo { late: millis(ms.parse().ok()?) },
            ["lazy", ms] => Behaviour::Lazy { pause: millis(ms.parse().ok()?) },
            ["mute"] => Behaviour::Mute,
            ["close", code, reason] => Behaviour::Close { code: code.parse().ok()?, reason: reason.to_owned() },
            ["drop"] => Behaviour::Drop,
            ["flood", count, len] => Behaviour::Flood { count: count.parse().ok()?, len: len.parse().ok()? },
            ["hang"] => Behaviour::Hang,
            ["open"] => Behaviour::Open,
            _ => return None,
        };
        Some(behaviour)
    }

    /// Serves a client until one of the two goes.
    pub(crate) async fn run(self, me: AnyNode, socket: &mut Socket, visit: &mut Visit<'_>, guests: &Guests) -> Result<(), Error> {
        match self {
            Behaviour::Echo { late } => echo(me, socket, visit, late).await,
            Behaviour::Lazy { pause } => lazy(me, socket, pause).await,
            Behaviour::Mute => me.sleep(hours(1)).await.map_err(ended),
            Behaviour::Close { code, reason } => {
                socket.send(Message::binary(&b"last words"[..])).await?;
                socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await?;
                while next(socket).await?.is_some() {} // the client's half of the handshake
                Ok(())
            }
            Behaviour::Drop => socket.send(Message::binary(&b"last words"[..])).await,
            Behaviour::Flood { count, len } => {
                for number in 0..count {
                    let mut message = number.to_be_bytes().to_vec();
                    message.resize(len.max(4), 0);
                    if let Err(error) = socket.send(Message::binary(message)).await {
                        while let Ok(Some(message)) = next(socket).await {
                            note_end(visit, &message);
                        }
                        return Err(error);
                    }
                }
                echo(me, socket, visit, millis(0)).await
            }
            Behaviour::Hang => Ok(()), // never comes so far
            Behaviour::Open => {
                while let Some(message) = next(socket).await? {
                    if let Ok(tag) = message.to_text()
                        && !message.is_close()
                    {
                        let (open, code) = guests.state(tag);
                        socket.send(Message::text(format!("{open} {code}"))).await?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The next message; an end of the client's, told or not, is `None` after that.
async fn next(socket: &mut Socket) -> Result<Option<Message>, Error> {
    poll_fn(|context| Pin::new(&mut *socket).poll_next(context)).await.transpose()
}

async fn echo(me: AnyNode, socket: &mut Socket, visit: &mut Visit<'_>, late: Duration) -> Result<(), Error> {
    while let Some(message) = next(socket).await? {
        note_end(visit, &message);
        if message.is_text() || message.is_binary() {
            if late > Duration::ZERO {
                me.sleep(late).await.map_err(ended)?;
            }
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn lazy(me: AnyNode, socket: &mut Socket, pause: Duration) -> Result<(), Error> {
    me.sleep(pause).await.map_err(ended)?;
    let mut number = 0;
    while let Some(message) = next(socket).await? {
        if message.is_binary() {
            number += 1;
            socket.send(Message::text(format!("{number} {}", message.len()))).await?;
        }
    }
    Ok(())
}

fn note_end(visit: &mut Visit<'_>, message: &Message) {
    if let Message::Close(frame) = message {
        visit.leaves_with(frame.as_ref().map_or(1005, |frame| frame.code.into()));
    }
}

fn ended(ended: Ended) -> Error {
    Error::Io(ended.into())
}
