//! `/dns`: DNS messages over a WebSocket.

use domain::base::Message;
use domain::base::iana::OptRcode;
use hamadryad::secs;

use crate::client::Client;
use crate::frames::{BINARY, CLOSE, CONTINUATION, TEXT, frame};
use crate::world::{RESOLVER_TAKES, World};

/// `NAME.example.test A IN` under `id`, recursion desired.
fn query(name: &str, id: u16) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in [name, "example", "test", ""] {
        message.push(label.len() as u8);
        message.extend(label.bytes());
    }
    message.extend([0, 1, 0, 1]);
    message
}

/// Id, code and number of answers of each message that came in.
fn answers(client: &mut Client<'_>) -> Vec<(u16, OptRcode, u16)> {
    let messages = client.frames().into_iter().map(|frame| {
        assert_eq!(frame.opcode, BINARY, "{frame:?}");
        let message = Message::from_octets(frame.payload).unwrap();
        assert!(message.header().qr(), "{message:?}");
        message
    });
    messages.map(|message| (message.header().id(), message.opt_rcode(), message.header_counts().ancount())).collect()
}

const NOERROR: OptRcode = OptRcode::NOERROR;

#[test]
fn the_daemon_answers_each_message() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    for (id, name) in [(1, "www"), (2, "nobody"), (3, "mail")] {
        client.send(BINARY, &query(name, id));
    }
    assert_eq!(answers(&mut client), []);
    let report = world.sim.root().report().to_string();
    assert!(report.contains("connection peer GET /dns") && report.contains("query mail.example.test A"), "{report}");
    world.pass(RESOLVER_TAKES);
    assert_eq!(answers(&mut client), [(1, NOERROR, 1), (2, OptRcode::NXDOMAIN, 0), (3, NOERROR, 1)]);
}

#[test]
fn a_message_may_come_in_parts() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    let message = query("www", 7);
    client.say(&frame(BINARY, &message[..5]));
    client.say(&frame(CONTINUATION, &[]));
    client.say(&frame(0x80 | CONTINUATION, &message[5..]));
    world.pass(RESOLVER_TAKES);
    assert_eq!(answers(&mut client), [(7, NOERROR, 1)]);
}

#[test]
fn what_comes_with_the_handshake_counts() {
    let world = World::new();
    let mut client = world.connect();
    let handshake = crate::client::handshake(&format!("/dns?token={}", world.token));
    client.say(&[handshake.as_bytes(), &frame(0x80 | BINARY, &query("www", 9))].concat());
    let head = client.text();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    world.pass(RESOLVER_TAKES);
    assert_eq!(answers(&mut client), [(9, NOERROR, 1)]);
}

#[test]
fn an_upstream_answers_when_it_is_the_one_that_is_asked() {
    let world = World::new();
    let mut second = world.socket("/dns?upstream=upstream-2&");
    second.send(BINARY, &query("www", 2));
    world.pass(39);
    assert_eq!(answers(&mut second), []);
    world.pass(10);
    assert_eq!(answers(&mut second), [(2, NOERROR, 1)]);

    let mut third = world.socket("/dns?upstream=upstream-3&");
    for id in 1..=4 {
        third.send(BINARY, &query("www", id));
        world.pass(20);
    }
    let refused = |id| (id, OptRcode::REFUSED, 0);
    assert_eq!(answers(&mut third), [(1, NOERROR, 1), refused(2), (3, NOERROR, 1), refused(4)]);
}

#[test]
fn a_dead_upstream_never_answers_and_nothing_is_left() {
    let world = World::new();
    let idle = world.nodes();
    let mut client = world.socket("/dns?upstream=upstream-1&");
    let open = world.nodes();
    client.send(BINARY, &query("www", 1));
    assert!(world.nodes() > open);
    world.pass(3999);
    assert!(world.nodes() > open);
    world.pass(1);
    assert_eq!((answers(&mut client).len(), world.nodes()), (0, open));
    client.leave();
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn a_message_that_is_no_proper_query_is_answered_or_refused() {
    let world = World::new();
    for path in ["/dns?", "/dns?upstream=upstream-2&"] {
        let mut client = world.socket(path);
        client.send(BINARY, &query("www", 5)[..20]);
        let mut notify = query("www", 6);
        notify[2] = 4 << 3;
        client.send(BINARY, &notify);
        assert_eq!(answers(&mut client), [(5, OptRcode::FORMERR, 0), (6, OptRcode::NOTIMP, 0)]);
        let mut response = query("www", 7);
        response[2] |= 0x80;
        for no_query in [&response[..], &response[..11], b""] {
            let mut client = world.socket(path);
            client.send(BINARY, no_query);
            assert_eq!(client.next().unwrap().close(), (1008, "that is no DNS query"));
        }
    }
}

#[test]
fn text_is_not_taken() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    client.send(TEXT, b"www.example.test");
    assert_eq!(client.next().unwrap().close(), (1003, "DNS messages are binary"));
}

#[test]
fn a_message_may_have_so_many_bytes_and_no_more() {
    let world = World::new();
    let mut client = world.socket("/dns?");
    let long = |len: usize| [query("www", 1), vec![0; len - query("www", 1).len()]].concat();
    client.send(BINARY, &long(4096));
    assert_eq!(answers(&mut client), [(1, OptRcode::FORMERR, 0)]);
    client.send(BINARY, &long(4097));
    assert_eq!(client.next().unwrap().close(), (1009, "a message may have 4096 bytes here, not 4097"));

    // A message in parts, too; and one that only says how long it will be is not waited for.
    let mut client = world.socket("/dns?");
    client.say(&frame(BINARY, &long(4000)));
    client.say(&frame(CONTINUATION, &[0; 97]));
    assert_eq!(client.next().unwrap().close(), (1009, "a message may have 4096 bytes here, not 4097"));
    let mut client = world.socket("/dns?");
    client.say(&[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!(client.next().unwrap().close().0, 1009);
}

#[test]
fn so_many_queries_at_once_and_no_more() {
    let world = World::new();
    let idle = world.nodes();
    let mut client = world.socket("/dns?upstream=upstream-1&");
    for id in 1..=64 {
        client.send(BINARY, &query("www", id));
    }
    assert_eq!(client.frames(), []);
    client.send(BINARY, &query("www", 65));
    assert_eq!(client.next().unwrap().close(), (1008, "more than 64 queries at once"));
    assert!(client.is_over());
    assert_eq!(world.told(), ["closed a WebSocket of /dns: 1008 more than 64 queries at once"]);
    client.leave();
    assert_eq!(world.nodes(), idle, "what it asked ended with it");
}

#[test]
fn over_all_queries_servfail_comes_at_once() {
    let world = World::limited(|limits| limits.queries = 5);
    let mut clients: Vec<Client<'_>> = (0..2).map(|_| world.socket("/dns?")).collect();
    for client in &clients {
        for id in 1..=3 {
            client.send(BINARY, &query("www", id));
        }
    }
    assert_eq!(answers(&mut clients[0]), []);
    assert_eq!(answers(&mut clients[1]), [(3, OptRcode::SERVFAIL, 0)]);
    world.pass(RESOLVER_TAKES);
    clients[1].send(BINARY, &query("www", 4));
    world.pass(RESOLVER_TAKES);
    assert_eq!(answers(&mut clients[1]).last(), Some(&(4, NOERROR, 1)), "those that are done make room");
}

#[test]
fn a_client_that_goes_ends_what_it_asked() {
    let world = World::new();
    let idle = world.nodes();
    for path in ["/dns?", "/dns?upstream=upstream-2&"] {
        let client = world.socket(path);
        client.send(BINARY, &query("slow", 1));
        assert!(world.nodes() > idle + 4, "{path}");
        client.leave();
        world.pass(50); // for the upstream, which does not know
        assert_eq!(world.nodes(), idle, "{path}");

        let mut polite = world.socket(path);
        polite.send(BINARY, &query("slow", 1));
        polite.send(CLOSE, &1000_u16.to_be_bytes());
        assert_eq!(polite.next().unwrap().close(), (1000, ""));
        polite.leave();
        world.pass(50);
        assert_eq!(world.nodes(), idle, "{path}");
    }
    assert_eq!(world.told(), [] as [&str; 0]);
}

#[test]
fn a_shutdown_answers_what_is_in_flight_and_says_goodbye() {
    let world = World::new();
    let (mut busy, mut idle) = (world.socket("/dns?"), world.socket("/dns?"));
    busy.send(BINARY, &query("www", 1));
    world.clients.shutdown(secs(5));
    world.sim.settle();
    assert_eq!(idle.next().unwrap().close(), (1001, "the daemon stops"));
    busy.send(BINARY, &query("www", 2));
    assert_eq!(busy.frames(), []);
    world.pass(RESOLVER_TAKES);
    let frames = busy.frames();
    assert_eq!((frames.len(), &frames[0].payload[..2]), (2, &[0, 1][..]), "{frames:?}");
    assert_eq!(frames[1].close(), (1001, "the daemon stops"));
    busy.leave();
    idle.leave();
    assert!(!world.clients.is_alive(), "nothing is left to wait for");
}
