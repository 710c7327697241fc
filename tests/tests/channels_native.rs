//! The transports' suite on the native host: a WebSocket client over its TCP, and the server in the same loop.
#![cfg(target_os = "linux")]

#[path = "worlds/native.rs"]
mod native;

use hamadryad_peer::{NativeSocket, NativeSockets, Server};
use hamadryad_tests::{Behaviour, Blocking, Transport, World, channels, on_every_transport};
use native::NativeWorld;
use std::net::SocketAddr;

impl Transport for NativeWorld {
    type Channel = NativeSocket;
    type Connect = NativeSockets;

    fn connector(&self) -> NativeSockets {
        NativeSockets
    }

    fn peer(&self, behaviour: Behaviour) -> (SocketAddr, String) {
        let address = Server::start(self.root()).expect("loopback has a free port").address();
        let path = match behaviour {
            Behaviour::Echo => "/echo".to_owned(),
            Behaviour::Late(ms) => format!("/late/{ms}"),
            Behaviour::Mute => "/mute".to_owned(),
            Behaviour::Lazy(ms) => format!("/lazy/{ms}"),
            Behaviour::Close(code, reason) => format!("/close/{code}/{reason}"),
            Behaviour::Hang => "/hang".to_owned(),
            Behaviour::Nobody => return (([127, 0, 0, 1], 1).into(), "/".to_owned()),
        };
        (address, path)
    }
}

macro_rules! on_epoll {
    ($($test:ident)*) => { $(#[test] fn $test() { NativeWorld::run(channels::$test); })* };
}

on_every_transport!(on_epoll);
