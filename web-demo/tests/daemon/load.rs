//! Many at once.

use std::thread;

use crate::dig::dig;
use crate::running::Running;
use crate::wire::{query_for, rcode};

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
    assert_eq!(rcode(&daemon.receive(&client)), 0);
    assert_eq!(daemon.nodes(), idle);
}

#[test]
fn a_burst_is_answered_to_the_last_and_leaves_nothing() {
    const TOTAL: usize = 600;
    /// What any receive buffer holds, so that the kernel drops none.
    const IN_FLIGHT_MAX: usize = 150;
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let client = daemon.client();
    let mut seen = [false; TOTAL];
    let mut take_one = || {
        let answer = daemon.receive(&client);
        let id = usize::from(u16::from_be_bytes([answer[0], answer[1]]));
        // NXDOMAIN; or SERVFAIL, where a machine that is busy with other things lets no upstream be in time. An answer it must be.
        assert!(matches!(rcode(&answer), 3 | 2), "{answer:?}");
        assert!(!std::mem::replace(&mut seen[id], true), "{id} is answered twice");
    };
    for id in 0..TOTAL {
        if id >= IN_FLIGHT_MAX {
            take_one();
        }
        client.send(&query_for(&format!("n{id}"), id as u16)).unwrap();
    }
    (0..IN_FLIGHT_MAX).for_each(|_| take_one());
    assert_eq!(daemon.nodes(), idle);
}
