//! What holds for every WebSocket.

use std::cell::Cell;
use std::rc::Rc;

use hamadryad::millis;

use crate::frames::{BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT, frame};
use crate::world::World;

#[test]
fn a_ping_is_answered() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    client.send(PING, b"are you there");
    assert_eq!(client.next(), Some(Frame { opcode: PONG, payload: b"are you there".to_vec() }));
}

#[test]
fn a_silent_client_is_asked_for_a_sign_of_life_and_then_left() {
    let world = World::new();
    let idle = world.nodes();
    let mut client = world.socket("/dns?");
    let ping = Frame { opcode: PING, payload: Vec::new() };
    world.pass(19_999);
    assert_eq!(client.frames(), []);
    world.pass(20_001);
    assert_eq!(client.frames(), [ping.clone(), ping]);
    world.pass(19_999);
    assert!(client.node.is_alive());
    world.pass(1);
    assert_eq!(client.frames().last().unwrap().close(), (1008, "no sign of life for 60 s"));
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn pongs_are_signs_of_life() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    for _ in 0..20 {
        world.pass(20_000);
        assert_eq!(client.next().map(|frame| frame.opcode), Some(PING));
        client.send(PONG, b"");
    }
    assert!(client.node.is_alive());
}

#[test]
fn what_is_no_websocket_frame_is_a_protocol_error() {
    let world = World::new();
    let idle = world.nodes();
    let mut unmasked = frame(0x80 | BINARY, b"x");
    unmasked[1] &= 0x7f;
    for (what, bytes) in [
        ("unmasked", unmasked),
        ("a reserved bit", frame(0xc0 | BINARY, b"x")),
        ("a reserved opcode", frame(0x80 | 3, b"x")),
        ("a reserved control opcode", frame(0x80 | 11, b"x")),
        ("a continuation of nothing", frame(0x80 | CONTINUATION, b"x")),
        ("a ping in parts", frame(PING, b"x")),
        ("a long ping", frame(0x80 | PING, &[0; 126])),
        ("a second message in the first", [frame(BINARY, b"x"), frame(BINARY, b"x")].concat()),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("TLS", vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]),
        ("all ones", vec![0xff; 4096]),
    ] {
        for path in ["/dns?", "/tree?"] {
            let mut client = world.socket(path);
            client.frames();
            client.say(&bytes);
            let code = client.next().unwrap_or_else(|| panic!("{what}: nothing")).close().0;
            assert!(matches!(code, 1002 | 1009), "{what}: {code}");
            assert!(client.is_over(), "{what}");
            client.leave();
        }
    }
    let mut client = world.socket("/tree?");
    client.frames();
    client.send(TEXT, &[0xff, 0xfe]);
    assert_eq!(client.next().unwrap().close().0, 1007);
    client.leave();
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

/// Whatever bytes come, the daemon is whole afterwards: nothing is left, nothing failed.
#[test]
fn random_bytes_leave_nothing() {
    let world = World::new();
    let idle = world.nodes();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..400 {
        let client = world.socket(["/dns?", "/tree?"][round % 2]);
        let bytes: Vec<u8> = (0..random() % 300).map(|_| random() as u8).collect();
        // Half of them are garbage in proper frames.
        let bytes = if round % 4 < 2 { bytes } else { frame(0x80 | (random() % 16) as u8, &bytes) };
        client.say(&bytes);
        world.pass(random() % 50);
        client.leave();
    }
    world.pass(5000);
    assert_eq!(world.nodes(), idle);
}

/// RFC 6455, section 5.4, lets a message have any number of parts, empty ones, too: a flood of them ends no message, and must not keep
/// everybody else from running.
#[test]
fn a_flood_of_empty_parts_lets_others_run() {
    let world = World::new();
    let client = world.socket("/dns?");
    client.say(&frame(BINARY, b""));
    let flood = frame(CONTINUATION, b"").repeat(100_000);
    let turns = Rc::new(Cell::new(0));
    let counter = turns.clone();
    let every_turn = world.sim.root().every(millis(0), move || counter.set(counter.get() + 1));
    let before = turns.get();
    client.say(&flood);
    assert_eq!(client.unread(), 0, "all of it was read");
    let needed = flood.len() / 4096;
    assert!(turns.get() - before >= needed, "{} turns, {needed} are needed", turns.get() - before);
    every_turn.free();
    assert!(client.node.is_alive());
}

/// Every message costs us something to take in; a few at a time, and the others have their turn.
#[test]
fn a_flood_of_messages_lets_others_run() {
    let world = World::new();
    // It reads none of the answers, so that sending takes no turns.
    let client = world.socket_with_room("/dns?", 400);
    let turns = Rc::new(Cell::new(0));
    let counter = turns.clone();
    let every_turn = world.sim.root().every(millis(0), move || counter.set(counter.get() + 1));
    let before = turns.get();
    client.say(&frame(0x80 | BINARY, &[0; 12]).repeat(4000));
    assert_eq!(client.unread(), 0, "all of it was read");
    assert!(turns.get() - before >= 4000 / 8, "{} turns", turns.get() - before);
    every_turn.free();
    let mut client = client;
    assert_eq!(client.frames().len(), 4000, "FORMERR to each");
}

#[test]
fn who_does_not_read_is_told_so_and_left() {
    let world = World::new();
    let idle = world.nodes();
    // Nothing more fits on the wire than the handshake, and what we say is not read.
    let client = world.socket_with_room("/dns?", 400);
    client.say(&frame(0x80 | BINARY, &[0; 12]).repeat(30_000));
    assert!(client.node.is_alive(), "ten seconds for a message");
    world.pass(10_000);
    world.pass(1_000);
    assert!(!client.node.is_alive());
    let told = world.told();
    assert!(told.len() == 1 && told[0].contains("1008"), "{told:?}");
    assert_eq!(world.nodes(), idle);
}

#[test]
fn unsent_bytes_have_a_bound() {
    let world = World::limited(|limits| limits.unsent_bytes = 1000);
    let idle = world.nodes();
    let client = world.socket_with_room("/dns?", 400);
    // 12 bytes for each answer: the first ones go out, then 1,000 bytes wait, and that is enough.
    client.say(&frame(0x80 | BINARY, &[0; 12]).repeat(30_000));
    assert!(client.unread() > 300_000, "what comes then is not even read: {}", client.unread());
    let mut client = client;
    let last = client.frames().pop().unwrap();
    assert_eq!(last.close(), (1008, "more than 1000 bytes wait for you: read faster"));
    client.leave();
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn pings_that_nobody_reads_the_answers_to_cost_no_memory() {
    let world = World::new();
    let idle = world.nodes();
    let client = world.socket_with_room("/dns?", 400);
    for _ in 0..20 {
        client.say(&frame(0x80 | PING, &[7; 125]).repeat(1000));
        world.pass(1000);
    }
    // Asked for a sign of life, it got none of ours through for ten seconds.
    world.pass(20_000);
    assert!(!client.node.is_alive());
    assert_eq!(world.nodes(), idle);
}

#[test]
fn pongs_that_wait_to_be_sent_have_a_bound() {
    let world = World::new();
    let client = world.socket_with_room("/dns?", 400);
    for _ in 0..5 {
        client.say(&frame(0x80 | PING, &[7; 125]).repeat(1000));
        world.pass(1000);
    }
    assert_eq!(client.unread(), 0, "all of it was read");
    let came = client.bytes().len();
    assert!((50_000..300_000).contains(&came), "{came} bytes of 635,000");
}

#[test]
fn a_close_is_returned_once() {
    let world = World::new();
    let idle = world.nodes();
    for path in ["/dns?", "/tree?"] {
        for (said, returned) in [(1000_u16, 1000), (1001, 1001), (3333, 3333), (1005, 1002), (2000, 1002)] {
            let mut client = world.socket(path);
            client.frames();
            client.send(CLOSE, &said.to_be_bytes());
            let frames = client.frames();
            assert_eq!(frames.len(), 1, "{frames:?}");
            assert_eq!(frames[0].close().0, returned, "{path} {said}");
            assert!(client.is_over());
            client.leave();
            world.pass(250); // until it is seen that nobody watches
            assert_eq!(world.nodes(), idle);
        }
    }
}
