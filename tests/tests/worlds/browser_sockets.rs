//! The browser's transport: WebSockets to the server that `cargo xtask test wasm` starts beside the tests.

use super::page::PageWorld;
use hamadryad_tests::{Behaviour, Transport};
use hamadryad_wasm::net::{WebSocket, WebSockets};

impl Transport for PageWorld {
    type Channel = WebSocket;
    type Connect = WebSockets;

    fn connector(&self) -> WebSockets {
        WebSockets
    }

    fn peer(&self, behaviour: Behaviour) -> String {
        let Some(address) = option_env!("HAMADRYAD_PEER") else {
            panic!("HAMADRYAD_PEER is the address of a running `hamadryad-peer`: `cargo xtask test wasm` starts one");
        };
        match behaviour {
            Behaviour::Echo => format!("ws://{address}/echo"),
            Behaviour::Late(ms) => format!("ws://{address}/late/{ms}"),
            Behaviour::Mute => format!("ws://{address}/mute"),
            Behaviour::Lazy(ms) => format!("ws://{address}/lazy/{ms}"),
            Behaviour::Close(code, reason) => format!("ws://{address}/close/{code}/{reason}"),
            Behaviour::Hang => format!("ws://{address}/hang"),
            Behaviour::Nobody => "ws://127.0.0.1:1/".to_owned(),
        }
    }
}
