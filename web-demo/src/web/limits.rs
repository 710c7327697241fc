//! [`Limits`]: how much one client, and all of them, may ask of us.

use core::time::Duration;

use hamadryad::prelude::*;

/// What is refused beyond. Each field says how.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; over it: 503.
    pub connections: usize,
    /// Of those that are turned away, how many we still listen to; the others are told, and closed at once.
    pub lingering: usize,
    /// Bytes in the head of a request; over it: 431. So for more than 64 header fields.
    pub head_bytes: usize,
    /// From the connection to the end of its request's head; over it: 408.
    pub head_time: Duration,
    /// To take in a whole response; over it the connection ends.
    pub response_time: Duration,
    /// How long we still listen to who was refused or said goodbye to, so that what we said is not lost in a reset (RFC 9112, section 9.6).
    pub linger_time: Duration,
    /// Bytes in a message to `/dns`; over it: close code 1009.
    pub dns_bytes: usize,
    /// Bytes in a message to `/tree`; over it: close code 1009.
    pub command_bytes: usize,
    /// Queries of one WebSocket at once; over it: close code 1008.
    pub queries_each: usize,
    /// Queries of all WebSockets at once; over it: SERVFAIL.
    pub queries: usize,
    /// How often a WebSocket is asked for a sign of life.
    pub ping_every: Duration,
    /// How long a WebSocket may give none; over it: close code 1008.
    pub silence: Duration,
    /// How long one message may take to be taken in; over it the connection ends.
    pub send_time: Duration,
    /// Bytes that wait to be sent to one WebSocket; over it: close code 1008.
    pub unsent_bytes: usize,
    /// WebSockets of `/tree` at once, each of which holds a message or two about the tree; over it: 503.
    pub watchers: usize,
    /// Between two messages about the tree.
    pub tree_every: Duration,
    /// Lines in a message about the tree; the others are counted.
    pub tree_lines: usize,
    /// Bytes in a message about the tree; over it, it has fewer lines.
    pub tree_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 512,
            lingering: 64,
            head_bytes: 8 << 10,
            head_time: secs(5),
            response_time: secs(30),
            linger_time: secs(1),
            dns_bytes: 4 << 10,
            command_bytes: 1 << 10,
            queries_each: 64,
            queries: 1024,
            ping_every: secs(20),
            silence: secs(60),
            send_time: secs(10),
            unsent_bytes: 256 << 10,
            watchers: 32,
            tree_every: millis(250),
            tree_lines: 500,
            tree_bytes: 256 << 10,
        }
    }
}
