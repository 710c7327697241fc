//! Requests, and what is none.

use hamadryad_demo::web::{Limits, Page};

use crate::world::{HOST, World};

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")
}

#[test]
fn the_page_comes_with_what_protects_it() {
    let world = World::new();
    let response = world.ask(&get("/?token=whatever"));
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    for line in [
        "HTTP/1.1 200 OK",
        "Content-Type: text/html; charset=utf-8",
        "Connection: close",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Cross-Origin-Resource-Policy: same-origin",
        &format!("Content-Length: {}", body.len()),
    ] {
        assert!(head.lines().any(|other| other == line), "{line}:\n{head}");
    }
    let policy = head.lines().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
    for part in
        ["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self' ws://127.0.0.1:8300", "frame-ancestors 'none'"]
    {
        assert!(policy.split("; ").any(|other| other == part), "{part}: {policy}");
    }
    assert!(body.contains("cargo xtask demo"), "{body}");
}

#[test]
fn a_response_is_the_end_of_its_connection() {
    let world = World::new();
    let idle = world.nodes();
    let client = world.connect();
    client.say(get("/").as_bytes());
    assert!(client.text().starts_with("HTTP/1.1 200 "));
    assert!(client.is_over() && client.node.is_alive(), "it waits for the client to have seen it");
    client.leave();
    assert_eq!(world.nodes(), idle);

    let stays = world.connect();
    stays.say(get("/").as_bytes());
    world.pass(999);
    assert!(stays.node.is_alive());
    world.pass(1);
    assert!(!stays.node.is_alive(), "for a second");
    assert_eq!(world.nodes(), idle);
}

#[test]
fn head_is_get_without_the_body() {
    let world = World::new();
    let whole = world.ask(&get("/"));
    let head = world.ask(&get("/").replacen("GET", "HEAD", 1));
    assert_eq!(head, whole[..whole.find("\r\n\r\n").unwrap() + 4]);
}

#[test]
fn what_is_asked_for_wrongly_is_refused_by_name() {
    let world = World::new();
    let with = |more: &str| get("/").replace("\r\n\r\n", &format!("\r\n{more}\r\n\r\n"));
    let cases = [
        (get("/nothing"), "404 Not Found", "there is no /nothing"),
        (get("/").replacen("GET", "POST", 1), "405 Method Not Allowed", "only GET and HEAD"),
        (get("/").replacen("GET", "BREW", 1), "405 Method Not Allowed", "only GET and HEAD"),
        (get("/").replacen(HOST, "evil.test", 1), "421 Misdirected Request", "goes by no other name"),
        (get("/").replacen(HOST, "evil.test:8300", 1), "421 Misdirected Request", "goes by no other name"),
        (get("/").replacen(HOST, "127.0.0.1:80", 1), "421 Misdirected Request", "goes by no other name"),
        (get("http://evil.test/").replacen(HOST, "evil.test", 1), "421 Misdirected Request", "goes by no other name"),
        (get("http://evil.test/"), "400 Bad Request", "host is said twice"),
        (with("Host: localhost:8300"), "400 Bad Request", "host is said twice"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "400 Bad Request", "must say its Host"),
        (with("Content-Length: 5"), "413 Content Too Large", "no content"),
        (with("Transfer-Encoding: chunked"), "413 Content Too Large", "no content"),
        (with(&"X: y\r\n".repeat(64)), "431 Request Header Fields Too Large", "64 header fields"),
        (get("relative"), "400 Bad Request", "the path cannot be read"),
        (get("/%zz"), "400 Bad Request", "the path cannot be read"),
        (get("/%ff"), "400 Bad Request", "the path cannot be read"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "505 HTTP Version Not Supported", "HTTP/1.1 is spoken here"),
    ];
    for (request, status, why) in cases {
        let response = world.ask(&request);
        assert!(response.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{request}\n{response}");
        assert!(response.contains("Content-Type: text/plain") && response.contains("nosniff"), "{response}");
        let body = response.split_once("\r\n\r\n").unwrap().1;
        assert!(body.starts_with(&format!("{status}: ")) && body.contains(why), "{request}\n{body}");
    }
    let response = world.ask(&get("/").replacen("GET", "PUT", 1));
    assert!(response.contains("\r\nAllow: GET, HEAD\r\n"), "{response}");
}

#[test]
fn other_ways_to_say_the_same_are_taken() {
    let world = World::new();
    for request in [
        get("/index.html"),
        get("/%69ndex.html?x#y"),
        get(&format!("http://{HOST}/")),
        get("/").replacen(HOST, "LOCALHOST:8300", 1),
        get("/").replacen("HTTP/1.1", "HTTP/1.0", 1),
        get("/").replace("\r\n", "\n"),
        format!("\r\n{}", get("/")),
        get("/").replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
        get("/").replace("\r\n\r\n", &format!("\r\nHost: {HOST}\r\n\r\n")),
    ] {
        let response = world.ask(&request);
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{request:?}\n{response}");
    }
}

#[test]
fn a_head_may_have_so_many_bytes_and_no_more() {
    let world = World::new();
    let max = Limits::default().head_bytes;
    let of_len = |len: usize| {
        let empty = get("/").replace("\r\n\r\n", "\r\nX: \r\n\r\n");
        empty.replace("X: ", &format!("X: {}", "x".repeat(len - empty.len())))
    };
    assert_eq!(of_len(max).len(), max);
    assert!(world.ask(&of_len(max)).starts_with("HTTP/1.1 200 "));
    let response = world.ask(&of_len(max + 1));
    assert!(response.starts_with("HTTP/1.1 431 ") && response.contains("the head of a request may have 8192 bytes"), "{response}");
    assert!(world.ask(&format!("GET /{}", "x".repeat(max))).starts_with("HTTP/1.1 431 "));
}

#[test]
fn a_client_that_says_a_million_bytes_gets_its_refusal_and_no_memory() {
    let world = World::new();
    let idle = world.nodes();
    let client = world.connect();
    client.say(&[b"GET /", &b"x".repeat(1_000_000)[..]].concat());
    assert!(client.text().starts_with("HTTP/1.1 431 "));
    world.pass(1000);
    assert!(!client.node.is_alive() && client.unread() > 700_000, "{} bytes are not read", client.unread());
    assert_eq!(world.nodes(), idle);
}

#[test]
fn garbage_is_told_by_its_first_bytes() {
    let world = World::new();
    for garbage in [&[0x16, 3, 1, 2, 0, 1][..], b"\0", b"hello?\r\n", &[0xff; 100], b"GET /\x7f", b"GET / HTTP/1.1\r\nA B: c\r\n\r\n"] {
        let client = world.connect();
        client.say(garbage);
        let response = client.text();
        assert!(response.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{garbage:?}: {response}");
    }
}

#[test]
fn a_head_may_come_in_single_bytes_within_five_seconds() {
    let world = World::new();
    let client = world.connect();
    for byte in get("/").bytes() {
        assert_eq!(client.text(), "");
        client.say(&[byte]);
        world.pass(10);
    }
    assert!(client.text().starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_head_that_takes_longer_is_not_waited_for() {
    let world = World::new();
    let idle = world.nodes();
    let (slow, silent) = (world.connect(), world.connect());
    for _ in 0..4 {
        slow.say(b"G");
        world.pass(1249);
    }
    assert_eq!((slow.text(), silent.text()), (String::new(), String::new()));
    world.pass(4);
    for client in [slow, silent] {
        let response = client.text();
        assert!(response.starts_with("HTTP/1.1 408 Request Timeout\r\n") && response.contains("within 5 s"), "{response}");
        client.leave();
    }
    assert_eq!(world.nodes(), idle);
}

#[test]
fn a_client_that_goes_is_forgotten_at_once() {
    let world = World::new();
    let idle = world.nodes();
    for said in ["", "GET / HT", &get("/")] {
        let client = world.connect();
        client.say(said.as_bytes());
        client.leave();
        assert_eq!(world.nodes(), idle, "{said:?}");
    }
    assert_eq!(world.told(), [] as [&str; 0]);
}

#[test]
fn a_reader_that_stands_still_is_left_after_thirty_seconds() {
    let world = World::with(Limits::default(), Page::not_built());
    let idle = world.nodes();
    let client = world.connect_with_room(100);
    client.say(get("/").as_bytes());
    world.pass(29_999);
    assert!(client.node.is_alive() && !client.is_over());
    world.pass(1);
    assert!(client.is_over());
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn a_request_in_the_report_shows_no_token() {
    let world = World::new();
    let client = world.connect();
    client.say(get(&format!("/a%0Ab?token={}", world.token)).as_bytes());
    let report = world.sim.root().report().to_string();
    assert!(report.contains("connection peer GET /a\\nb") && !report.contains(&world.token), "{report}");
    assert!(world.ask(&get(&format!("/tree?token={}", world.token))).starts_with("HTTP/1.1 403 "));
    let told = world.told().join("\n");
    assert!(told.contains("peer GET /tree: 403 Forbidden") && !told.contains(&world.token), "{told}");
    drop(client);
}

#[test]
fn a_shutdown_does_not_wait_for_who_says_nothing() {
    let world = World::new();
    let silent = world.connect();
    world.clients.shutdown(hamadryad::secs(5));
    world.sim.settle();
    assert!(!silent.node.is_alive() && !world.clients.is_alive());
}
