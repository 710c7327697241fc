//! Who gets a WebSocket, and who does not.

use crate::client::{ACCEPT, KEY, handshake};
use crate::world::{HOST, World};

const PATHS: [&str; 3] = ["/tree", "/dns", "/dns?upstream=upstream-2"];

/// The handshake of our own page for one of [`PATHS`].
fn ours(world: &World, path: &str) -> String {
    let and = if path.contains('?') { '&' } else { '?' };
    handshake(&format!("{path}{and}token={}", world.token))
}

#[test]
fn our_own_page_with_the_token_gets_one() {
    let world = World::new();
    for path in PATHS {
        for (from, to) in
            [("", ""), (HOST, "localhost:8300"), ("Upgrade: websocket", "UPGRADE: WebSocket"), ("keep-alive, Upgrade", "upgrade")]
        {
            let response = world.ask(&ours(&world, path).replace(from, to));
            assert!(response.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{path} {to}: {response}");
            assert!(response.contains(&format!("\r\nSec-WebSocket-Accept: {ACCEPT}\r\n")), "{response}");
        }
    }
}

#[test]
fn nobody_else_does() {
    let world = World::new();
    let idle = world.nodes();
    let origin = format!("Origin: http://{HOST}\r\n");
    let wrong = world.token.chars().rev().collect::<String>();
    let cases: [(&str, &str, &str, &str); 20] = [
        (&origin, "", "403 Forbidden", "Origin says that it does"),
        (&origin, "Origin: null\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: http://evil.test\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: http://evil.test:8300\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: https://127.0.0.1:8300\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: http://127.0.0.1\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: http://127.0.0.1:8301\r\n", "403 Forbidden", "no other site"),
        (&origin, "Origin: http://127.0.0.1:8300.evil.test\r\n", "403 Forbidden", "no other site"),
        (&origin, &format!("{origin}Origin: http://evil.test\r\n"), "400 Bad Request", "origin is said twice"),
        (&world.token, &wrong, "403 Forbidden", "the token is not the one"),
        (&world.token, "", "403 Forbidden", "the token is not the one"),
        (&world.token, &world.token[1..], "403 Forbidden", "the token is not the one"),
        ("token=", "nothing=", "403 Forbidden", "the token is missing"),
        (&format!("Host: {HOST}"), "Host: evil.test:8300", "421 Misdirected Request", "goes by no other name"),
        ("GET", "HEAD", "405 Method Not Allowed", "begins with GET"),
        ("Upgrade: websocket\r\n", "", "426 Upgrade Required", "only WebSockets"),
        ("Upgrade: websocket", "Upgrade: h2c", "426 Upgrade Required", "only WebSockets"),
        ("keep-alive, Upgrade", "keep-alive", "426 Upgrade Required", "only WebSockets"),
        ("Version: 13", "Version: 8", "426 Upgrade Required", "version 13"),
        (KEY, "short", "400 Bad Request", "16 bytes in Base64"),
    ];
    for path in PATHS {
        for (from, to, status, why) in cases {
            let asked = ours(&world, path).replacen(from, to, 1);
            let response = world.ask(&asked);
            assert!(response.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{asked}\n{response}");
            assert!(response.contains(why), "{asked}\n{response}");
        }
    }
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn a_refusal_says_what_would_have_been_right() {
    let world = World::new();
    let version = world.ask(&ours(&world, "/dns").replace("Version: 13", "Version: 14"));
    assert!(version.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{version}");
    let plain = world.ask(&ours(&world, "/dns").replace("Upgrade: websocket\r\n", ""));
    assert!(plain.contains("\r\nUpgrade: websocket\r\n"), "{plain}");
}

#[test]
fn an_upstream_that_is_not_there_is_not_found_before_the_upgrade() {
    let world = World::new();
    for name in ["upstream-4", "", "upstream-1%20(dead)", "127.0.0.1:53", "%zz"] {
        let response = world.ask(&ours(&world, &format!("/dns?upstream={name}")));
        if name == "%zz" {
            // A name that cannot be read is none, and then the daemon answers by itself.
            assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
        } else {
            assert!(response.starts_with("HTTP/1.1 404 Not Found\r\n") && response.contains("no built-in upstream"), "{name}: {response}");
        }
    }
}

#[test]
fn who_has_no_token_does_not_learn_which_upstreams_there_are() {
    let world = World::new();
    for name in ["upstream-2", "upstream-4"] {
        let response = world.ask(&handshake(&format!("/dns?upstream={name}")));
        assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    }
}
