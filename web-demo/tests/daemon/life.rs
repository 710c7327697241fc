//! How the daemon starts, stops, and is told what to do.

use std::net::UdpSocket;
use std::thread;

use hamadryad_demo::{Query, Zone};
use rustix::process::Signal;

use crate::dig::dig;
use crate::running::{Running, run};
use crate::wire::{query_for, rcode};

#[test]
fn a_stop_while_busy_answers_what_is_in_flight() {
    let daemon = Running::start(&[]);
    let client = daemon.client();
    client.send(&query_for("www", 1)).unwrap();
    client.send(&query_for("slow", 2)).unwrap();
    daemon.report_with("query slow.example.test A");
    daemon.signal(Signal::TERM);
    let told = daemon.line_with("SIGTERM from pid");
    assert!(told.contains(&format!("pid {}", std::process::id())), "{told}");
    let (first, second) = (daemon.receive(&client), daemon.receive(&client));
    assert_eq!((first[1], rcode(&first)), (1, 0), "the upstreams outlive the clients");
    assert_eq!((second[1], rcode(&second)), (2, 2), "SERVFAIL");
    let (status, told) = daemon.end();
    assert_eq!(status.code(), Some(0), "{told}");
}

#[test]
fn a_second_stop_waits_for_nobody() {
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let daemon = Running::start(&[]);
        let client = daemon.client();
        client.send(&query_for("slow", 2)).unwrap();
        daemon.report_with("query slow.example.test A");
        daemon.signal(first);
        daemon.line_with("1 in flight");
        daemon.signal(second);
        let (status, told) = daemon.end();
        assert_eq!(status.code(), Some(0), "{told}");
        assert!(told.contains("stopping at once"), "{told}");
        client.set_nonblocking(true).unwrap();
        assert!(client.recv(&mut [0; 512]).is_err(), "it ended before slow had its answer");
    }
}

#[test]
fn an_idle_daemon_stops_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let daemon = Running::start(&[]);
        daemon.signal(signal);
        let (status, told) = daemon.end();
        assert_eq!(status.code(), Some(0), "{told}");
    }
}

#[test]
fn an_address_that_is_taken_is_a_clear_error() {
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let (code, _, errors) = run(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(errors.contains(&format!("cannot listen on {address}: another program does")), "{errors}");
}

#[test]
fn the_next_free_port_is_taken_when_nobody_said_which() {
    // Held by this test, or by somebody else: taken either way.
    let _holder = UdpSocket::bind("127.0.0.1:5300");
    let daemon = Running::start_as_told(&["--http", "127.0.0.1:0"]);
    assert!((5301..5400).contains(&daemon.address.port()), "{}", daemon.banner);
    assert!(daemon.banner.contains("port 5300 is taken"), "{}", daemon.banner);
}

#[test]
fn the_banner_says_how_to_begin() {
    let daemon = Running::start(&[]);
    let port = daemon.address.port();
    for part in [
        "hamadryad-demo 0.1.0".to_owned(),
        format!("udp 127.0.0.1:{port}"),
        format!("try: dig @127.0.0.1 -p {port} www.example.test"),
        "built in: upstream-1 (dead), upstream-2 (40 ms), upstream-3 (5 ms, answers REFUSED to every fifth)".to_owned(),
        format!("page       http://{}/?token={}", daemon.site.address, daemon.site.token),
        format!("kill -USR1 {}", daemon.pid()),
        "stop: Ctrl-C".to_owned(),
    ] {
        assert!(daemon.banner.contains(&part), "{part}:\n{}", daemon.banner);
    }
}

#[test]
fn help_and_version() {
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for part in ["--listen <ADDR>", "--upstream <ADDR>", "--http <ADDR>", "--page <DIR>", "--quiet", "TCP is for later", "SIGUSR1"] {
        assert!(help.contains(part), "{part}:\n{help}");
    }
    assert_eq!(run(&["--version"]), (Some(0), "hamadryad-demo 0.1.0\n".to_owned(), String::new()));
    let (code, _, errors) = run(&["--listen", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("--listen"), "{errors}");
}

#[test]
fn upstreams_of_ones_own_are_asked_in_their_order() {
    // Nobody else gets its port, and whom it is not connected to is told that nobody is there.
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    held.connect("127.0.0.1:9").unwrap();
    let closed = held.local_addr().unwrap();
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let answers_two = thread::spawn(move || {
        let mut message = [0; 4096];
        for _ in 0..2 {
            let (len, client) = server.recv_from(&mut message).unwrap();
            let query = Query::parse(&message[..len]).expect("the daemon asks well-formed queries");
            assert!(query.head.recursion_desired);
            let reply = Zone::example_test().look_up(&query.question).reply.compose(&query.head, Some(&query.question));
            server.send_to(&reply, client).unwrap();
        }
    });
    let daemon = Running::start(&["--upstream", &closed.to_string(), "--upstream", &address.to_string()]);
    assert!(daemon.banner.contains(&format!("upstreams  {closed}, {address}")), "{}", daemon.banner);
    assert_eq!(dig(daemon.address, &["mail.example.test"]).answers(), ["mail.example.test. IN A 192.0.2.25"]);
    let line = daemon.line_with("mail.example.test A: NOERROR");
    assert!(line.contains(&format!("{closed} cannot be reached: ")) && line.contains(&format!("{address} answered")), "{line}");
    assert_eq!(dig(daemon.address, &["nobody.example.test"]).status(), "NXDOMAIN");
    answers_two.join().unwrap();
}

#[test]
fn it_does_not_ask_itself() {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (code, _, errors) = run(&["--listen", &free, "--upstream", &free]);
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("it would ask itself"), "{errors}");
}

#[test]
fn quiet_tells_of_no_query() {
    let daemon = Running::start(&["--quiet"]);
    assert_eq!(dig(daemon.address, &["www.example.test"]).status(), "NOERROR");
    daemon.signal(Signal::TERM);
    let (_, told) = daemon.end();
    assert!(!told.contains("www.example.test"), "{told}");
}
