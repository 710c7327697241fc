//! Clients that mean ill, and the others, who must not notice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::frames::{BINARY, CONTINUATION, PING, frame};
use crate::http::{Client, Site};
use crate::running::Running;
use crate::wire::{query_for, rcode};

/// As `Limits::default()` has it.
const CONNECTIONS_MAX: usize = 512;

#[test]
fn two_hundred_connections_come_and_go_and_leave_nothing() {
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let bytes = |report: &[String]| report[1].rsplit(", ").next().unwrap().to_owned();
    let before = bytes(&daemon.report());
    for round in 0..50 {
        assert!(daemon.site.get("/").starts_with("HTTP/1.1 200 "));
        let mut dns = daemon.site.socket("/dns?upstream=upstream-3");
        dns.send(BINARY, &query_for("www", round));
        dns.next();
        dns.finish();
        let mut tree = daemon.site.socket("/tree");
        tree.next();
        tree.finish();
        drop(daemon.site.connect()); // and one that goes without a word
    }
    daemon.nodes_become(idle);
    assert_eq!(bytes(&daemon.report()), before);
}

#[test]
fn one_connection_too_many_is_told_so_and_no_other_notices() {
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let mut page = daemon.site.socket("/dns?upstream=upstream-3");
    // WebSockets, since those that say nothing are soon left.
    let others: Vec<Client> = (1..CONNECTIONS_MAX).map(|_| daemon.site.socket("/dns")).collect();
    for _ in 0..10 {
        let response = daemon.site.get("/");
        assert!(
            response.starts_with("HTTP/1.1 503 Service Unavailable\r\n") && response.contains("512 connections are open"),
            "{response}"
        );
    }
    page.send(BINARY, &query_for("www", 7));
    assert_eq!(page.next().payload[1], 7, "who is in stays in");
    let udp = daemon.client();
    udp.send(&query_for("www", 8)).unwrap();
    assert_eq!(daemon.receive(&udp)[1], 8);
    others.into_iter().for_each(Client::finish);
    assert!(daemon.site.get("/").starts_with("HTTP/1.1 200 "));
    page.finish();
    daemon.nodes_become(idle);
}

/// Each of these goes on until the end of the test, again and again with a new connection when the daemon has had enough.
const FLOODS: [fn(&Site, &mut TcpStream) -> std::io::Result<()>; 6] = [
    |site, stream| stream.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", site.address).as_bytes()),
    |_, stream| stream.write_all(&[0xff; 60_000]),
    |_, stream| (0..3000).try_for_each(|_| stream.write_all(b"GET /x HTTP/1.1\r\nX: ")),
    // Empty parts of a message that never ends.
    |site, stream| {
        let flood = frame(CONTINUATION, b"").repeat(10_000);
        stream.write_all(&[site.handshake("/dns").as_bytes(), &frame(BINARY, b"")].concat())?;
        (0..100).try_for_each(|_| stream.write_all(&flood))
    },
    // Queries whose answers are not read.
    |site, stream| {
        let flood = frame(0x80 | BINARY, &query_for("www", 1)).repeat(1000);
        stream.write_all(site.handshake("/dns").as_bytes())?;
        (0..100).try_for_each(|_| stream.write_all(&flood))
    },
    |site, stream| {
        let flood = frame(0x80 | PING, &[0; 125]).repeat(1000);
        stream.write_all(site.handshake("/tree").as_bytes())?;
        (0..100).try_for_each(|_| stream.write_all(&flood))
    },
];

#[test]
fn dns_is_answered_while_clients_flood() {
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let site = &daemon.site;
    let (is_over, connections) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for flood in &FLOODS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let mut stream = site.connect().stream;
                    connections.fetch_add(1, Ordering::Relaxed);
                    let _the_daemon_had_enough = flood(site, &mut stream).and_then(|()| stream.read(&mut [0; 100]));
                }
            });
        }
        let client = daemon.client();
        for round in 0..5 {
            for id in 0..20 {
                client.send(&query_for(&format!("n{round}-{id}"), id)).unwrap();
            }
            let mut seen = [false; 20];
            for _ in 0..20 {
                let answer = daemon.receive(&client);
                // SERVFAIL, where a machine that is busy with other things lets no upstream be in time. An answer it must be.
                assert!(matches!(rcode(&answer), 3 | 2), "{answer:?}");
                assert!(!std::mem::replace(&mut seen[usize::from(answer[1])], true), "{answer:?}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(connections.load(Ordering::Relaxed) > FLOODS.len(), "they came again");
    daemon.nodes_become(idle);
}
