//! Many at once.

use std::thread;

use crate::dig::dig;
use crate::running::Running;
use crate::wire::{query_for, rcode, receive};

#[test]
fn twenty_at_once_with_one_upstream_dead_and_none_lost() {
    let daemon = Running::start(&[]);
    let idle = daemon.nodes();
    let questions = [
        (["www.example.test", "A"], "NOERROR"),
        (["www.example.test", "AAAA"], "NOERROR"),
        (["mail.example.test", "A"], "NOERROR"),
        (["alias.example.test", "A"], "NOERROR"),
        (["nobody.example.test", "A"], "NXDOMAIN"),
    ];
    thread::scope(|scope| {
        for (question, status) in questions.iter().cycle().take(20) {
            let address = daemon.address;
            scope.spawn(move || assert_eq!(dig(address, question).status(), *status, "{question:?}"));
        }
    });
    let line = daemon.line_with("www.example.test A: NOERROR");
    assert!(line.contains("upstream-1 (dead) did not answer within ") && line.contains(", upstream-2 answered after "), "{line}");
    assert_eq!(daemon.nodes(), idle, "{:#?}", daemon.report());
}

#[test]
fn a_report_in_the_middle_of_it_shows_who_waits_for_whom() {
    let daemon = Running::start(&[]);
    let idle = daemon.nodes();
    let client = daemon.client();
    client.send(&query_for("www", 1)).unwrap();
    let report = daemon.report_with("ask upstream-1 (dead)");
    assert!(report[0].contains(&format!("report for pid {}", std::process::id())), "{report:#?}");
    for part in [&format!("udp {}", daemon.address), "serve", "query www.example.test A", "shared questions", "question www.example.test A"]
    {
        assert!(report.iter().any(|line| line.contains(part)), "{part}: {report:#?}");
    }
    assert_eq!(rcode(&receive(&client)), 0);
    assert_eq!(daemon.nodes(), idle);
}

#[test]
fn a_burst_is_answered_to_the_last_and_leaves_nothing() {
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let client = daemon.client();
    // In handfuls that any receive buffer holds: each handful has been taken in when its last garbled one is answered.
    let handful = 50;
    let mut seen = vec![false; 1000];
    let mut note = |answer: &[u8]| {
        let id = usize::from(u16::from_be_bytes([answer[0], answer[1]]));
        if id < 1000 {
            assert_eq!(rcode(answer), 3, "NXDOMAIN");
            seen[id] = true;
        }
        id
    };
    for first in (0..1000).step_by(handful) {
        for id in first..first + handful {
            client.send(&query_for(&format!("n{id}"), id as u16)).unwrap();
        }
        client.send(&query_for("end", 2000)[..12]).unwrap();
        while note(&receive(&client)) != 2000 {}
    }
    let mut left = 1000 - seen.iter().filter(|seen| **seen).count();
    while left > 0 {
        let answer = receive(&client);
        let id = usize::from(u16::from_be_bytes([answer[0], answer[1]]));
        assert!(!seen[id], "{id} is answered twice");
        seen[id] = true;
        left -= 1;
    }
    assert_eq!(daemon.nodes(), idle);
}
