//! The page's side of the real daemon.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::frames::{BINARY, CLOSE, TEXT};
use crate::http::Client;
use crate::running::{Running, run};
use crate::wire::{query_for, rcode};

/// The next message of a watcher of the tree that has this key.
fn message(client: &mut Client, key: &str) -> Value {
    loop {
        let mut message: Value = serde_json::from_str(client.next().text()).unwrap();
        if let Some(value) = message.get_mut(key) {
            return value.take();
        }
    }
}

#[test]
fn the_page_of_a_directory_is_served() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("daemon_page");
    fs::create_dir_all(directory.join("pkg")).unwrap();
    fs::write(directory.join("index.html"), "<!doctype html>here").unwrap();
    fs::write(directory.join("pkg/page_bg.wasm"), b"\0asm").unwrap();
    let daemon = Running::start(&["--page", directory.to_str().unwrap()]);
    assert!(daemon.site.get(&format!("/?token={}", daemon.site.token)).ends_with("\r\n\r\n<!doctype html>here"));
    assert!(daemon.site.get("/pkg/page_bg.wasm").contains("\r\nContent-Type: application/wasm\r\n"));
    assert!(daemon.site.get("/pkg/../../../secret").starts_with("HTTP/1.1 404 "));
}

#[test]
fn without_one_the_page_says_how_to_build_it() {
    let daemon = Running::start(&["--page", env!("CARGO_TARGET_TMPDIR")]);
    assert!(daemon.site.get("/").starts_with("HTTP/1.1 404 "), "a directory that was asked for is what is served");
    // The tests run in the package's directory, where nothing is built.
    assert!(Running::start(&[]).site.get("/").contains("<pre>cargo xtask demo</pre>"));
    let (code, _, errors) = run(&["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--page", "nowhere"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("cannot serve the page in nowhere: there is no such directory"), "{errors}");
}

#[test]
fn a_port_that_is_taken_is_passed_over_or_a_clear_error() {
    // Held by this test, or by somebody else: taken either way.
    let _holder = TcpListener::bind("127.0.0.1:8300");
    let daemon = Running::start_as_told(&["--listen", "127.0.0.1:0"]);
    assert!((8301..8400).contains(&daemon.site.address.port()), "{}", daemon.banner);
    assert!(daemon.banner.contains("port 8300 is taken, so this is the next free one"), "{}", daemon.banner);
    let taken = daemon.site.address.to_string();
    let (code, _, errors) = run(&["--listen", "127.0.0.1:0", "--http", &taken]);
    assert_eq!(code, Some(1));
    assert!(errors.contains(&format!("cannot listen on {taken}: another program does")), "{errors}");
}

#[test]
fn every_daemon_has_a_token_of_its_own() {
    let (one, other) = (Running::start(&[]), Running::start(&[]));
    assert!(one.site.token != other.site.token && one.site.token.len() == 32);
    let wrong = one.site.handshake("/tree").replace(&one.site.token, &other.site.token);
    assert!(one.site.ask(&wrong).starts_with("HTTP/1.1 403 Forbidden\r\n"));
}

#[test]
fn another_site_gets_nothing() {
    let daemon = Running::start(&[]);
    let origin = format!("Origin: http://{}\r\n", daemon.site.address);
    for path in ["/tree", "/dns", "/dns?upstream=upstream-2"] {
        let ours = daemon.site.handshake(path);
        for (from, to, status) in [
            (&*origin, "Origin: http://evil.test\r\n", 403),
            (&origin, "", 403),
            (&daemon.site.token, "", 403),
            (&format!("Host: {}", daemon.site.address), &format!("Host: evil.test:{}", daemon.site.address.port()), 421),
        ] {
            let response = daemon.site.ask(&ours.replacen(from, to, 1));
            assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {to}: {response}");
        }
    }
    assert!(daemon.site.ask("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n").starts_with("HTTP/1.1 421 "));
    assert!(daemon.line_with("403 Forbidden").contains("GET /tree: 403 Forbidden: only our own page may ask for this"));
}

#[test]
fn dns_is_answered_by_the_resolver_and_by_each_upstream() {
    let daemon = Running::start(&[]);
    let idle = daemon.nodes();
    let mut dead = daemon.site.socket("/dns?upstream=upstream-1");
    dead.send(BINARY, &query_for("www", 1));
    for (id, path) in [(2, "/dns"), (3, "/dns?upstream=upstream-2"), (4, "/dns?upstream=upstream-3")] {
        let mut client = daemon.site.socket(path);
        client.send(BINARY, &query_for("www", id));
        let answer = client.next().payload;
        assert_eq!((answer[1], rcode(&answer)), (id as u8, 0), "{path}");
        assert_eq!(answer[answer.len() - 4..], [192, 0, 2, 1]);
        client.send(CLOSE, &1000_u16.to_be_bytes());
        assert_eq!(client.next().close().0, 1000);
        client.finish();
    }
    let line = daemon.line_with("www.example.test A: NOERROR");
    assert!(line.contains("upstream-1 (dead) did not answer within"), "{line}");
    assert!(dead.is_still(), "all others had their answers long ago");
    let report = daemon.report_with("GET /dns upstream-1");
    assert!(report.iter().any(|line| line.contains("query www.example.test A")), "{report:#?}");
    dead.finish();
    daemon.nodes_become(idle);
}

#[test]
fn the_tree_is_told_as_it_changes() {
    let daemon = Running::start(&[]);
    let mut client = daemon.site.socket("/tree");
    let upstreams = message(&mut client, "upstreams");
    assert_eq!(upstreams[1], json!({ "name": "upstream-2", "delay_ms": 40, "loss_percent": 0, "dead": false }));
    let tree = message(&mut client, "tree");
    let has = |tree: &Value, part: &str| tree["lines"].as_array().unwrap().iter().any(|line| line["label"] == part);
    assert_eq!(tree["lines"][0]["name"], "root");
    assert!(!has(&tree, "slow.example.test A") && has(&tree, &format!("{}", daemon.address)), "{tree}");
    daemon.client().send(&query_for("slow", 1)).unwrap();
    while !has(&message(&mut client, "tree"), "slow.example.test A") {}
    while has(&message(&mut client, "tree"), "slow.example.test A") {}
}

#[test]
fn an_upstream_is_set_from_the_page() {
    let daemon = Running::start(&[]);
    let mut tree = daemon.site.socket("/tree");
    message(&mut tree, "upstreams");
    tree.send(TEXT, br#"{"set":{"upstream":"upstream-2","delay_ms":0,"loss_percent":100}}"#);
    let upstreams = message(&mut tree, "upstreams");
    assert_eq!(upstreams[1], json!({ "name": "upstream-2", "delay_ms": 0, "loss_percent": 100, "dead": false }));
    daemon.client().send(&query_for("www", 1)).unwrap();
    let line = daemon.line_with("www.example.test A: NOERROR");
    assert!(line.contains("upstream-2 did not answer within") && line.contains("upstream-3 answered after"), "{line}");
}

#[test]
fn with_upstreams_of_ones_own_none_can_be_set() {
    let daemon = Running::start(&["--upstream", "127.0.0.1:9"]);
    assert_eq!(message(&mut daemon.site.socket("/tree"), "upstreams"), json!([]));
    assert!(daemon.site.ask(&daemon.site.handshake("/dns?upstream=127.0.0.1:9")).starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_stop_answers_what_the_page_asked_and_says_goodbye() {
    let daemon = Running::start(&[]);
    let (mut dns, mut tree, silent) = (daemon.site.socket("/dns"), daemon.site.socket("/tree"), daemon.site.connect());
    dns.send(BINARY, &query_for("slow", 1));
    daemon.report_with("query slow.example.test A");
    daemon.signal(Signal::TERM);
    let answer = dns.next().payload;
    assert_eq!((answer[1], rcode(&answer)), (1, 2), "SERVFAIL");
    assert_eq!(dns.next().close(), (1001, "the daemon stops"));
    let goodbye = loop {
        match tree.next() {
            frame if frame.opcode == CLOSE => break frame,
            _ => {}
        }
    };
    assert_eq!(goodbye.close(), (1001, "the daemon stops"));
    assert_eq!(silent.rest(), "");
    dns.finish();
    tree.finish();
    let (status, told) = daemon.end();
    assert_eq!(status.code(), Some(0), "{told}");
}
