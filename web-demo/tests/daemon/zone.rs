//! What the built-in upstreams know, as `dig` sees it through the daemon.

use crate::dig::dig;
use crate::running::Running;

#[test]
fn every_name_of_the_zone() {
    let daemon = Running::start(&[]);
    let answers = |arguments: &[&str]| {
        let dug = dig(daemon.address, arguments);
        assert_eq!(dug.status(), "NOERROR", "{arguments:?}");
        dug.answers()
    };
    assert_eq!(answers(&["www.example.test"]), ["www.example.test. IN A 192.0.2.1"]);
    assert_eq!(answers(&["www.example.test", "AAAA"]), ["www.example.test. IN AAAA 2001:db8::1"]);
    assert_eq!(answers(&["mail.example.test"]), ["mail.example.test. IN A 192.0.2.25"]);
    assert_eq!(answers(&["alias.example.test", "CNAME"]), ["alias.example.test. IN CNAME www.example.test."]);
    assert_eq!(answers(&["alias.example.test"]), ["alias.example.test. IN CNAME www.example.test.", "www.example.test. IN A 192.0.2.1"]);
    let both = answers(&["www.example.test", "ANY", "+notcp"]);
    assert_eq!(both, ["www.example.test. IN A 192.0.2.1", "www.example.test. IN AAAA 2001:db8::1"]);
}

#[test]
fn what_the_zone_does_not_have() {
    let daemon = Running::start(&[]);
    for name in ["nobody.example.test", "example.org", "deep.www.example.test"] {
        let dug = dig(daemon.address, &[name]);
        assert_eq!((dug.status(), dug.answers().len()), ("NXDOMAIN", 0), "{name}");
    }
    let empty = dig(daemon.address, &["mail.example.test", "AAAA"]);
    assert_eq!((empty.status(), empty.answers().len()), ("NOERROR", 0));
    assert_eq!(empty.section("AUTHORITY").len(), 1, "the SOA says for how long: {empty:?}");
    assert_eq!(dig(daemon.address, &["example.test", "SOA"]).answers().len(), 1);
}

#[test]
fn slow_is_slower_than_anyone_waits() {
    let daemon = Running::start(&[]);
    assert_eq!(dig(daemon.address, &["slow.example.test"]).status(), "SERVFAIL");
    let line = daemon.line_with("slow.example.test A: SERVFAIL");
    assert!(line.contains("upstream-2 did not answer within"), "{line}");
}

#[test]
fn a_long_answer_is_cut_to_the_clients_size() {
    let daemon = Running::start(&[]);
    for arguments in [["+noedns", "+nocmd"], ["+bufsize=512", "+nocmd"], ["+bufsize=1232", "+nocmd"], ["+bufsize=100", "+nocmd"]] {
        let dug = dig(daemon.address, &[&["txt.example.test", "TXT"], &arguments[..]].concat());
        assert!(dug.flags().contains(&"tc"), "{arguments:?}: {dug:?}");
        assert!(dug.size() <= 512 && dug.answers().is_empty(), "{dug:?}");
    }
    let whole = dig(daemon.address, &["txt.example.test", "TXT", "+bufsize=4096"]);
    assert!(!whole.flags().contains(&"tc"), "{whole:?}");
    let text: usize = whole.answers()[0].split('"').skip(1).step_by(2).map(str::len).sum();
    assert_eq!(text, 1400);
}

#[test]
fn edns_is_answered_with_our_size_and_only_to_who_speaks_it() {
    let daemon = Running::start(&[]);
    assert_eq!(dig(daemon.address, &["www.example.test", "+edns=0"]).edns_size(), Some(4096));
    assert_eq!(dig(daemon.address, &["www.example.test", "+noedns"]).edns_size(), None);
    let flags = |argument| dig(daemon.address, &["www.example.test", argument]).text().contains("; EDNS: version: 0, flags: do;");
    assert!(flags("+dnssec") && !flags("+nodnssec"), "DO comes back as it was");
    assert_eq!(dig(daemon.address, &["www.example.test", "+edns=1", "+noednsneg"]).status(), "BADVERS");
}

#[test]
fn flags_and_spelling_come_back() {
    let daemon = Running::start(&[]);
    let dug = dig(daemon.address, &["WwW.eXample.test"]);
    assert_eq!(dug.flags(), ["qr", "rd", "ra"]);
    assert_eq!(dug.answers(), ["WwW.eXample.test. IN A 192.0.2.1"]);
    assert!(dug.text().contains(";WwW.eXample.test.\t"), "{dug:?}");
    assert_eq!(dig(daemon.address, &["www.example.test", "+norecurse"]).flags(), ["qr", "ra"]);
}

#[test]
fn operations_and_classes_that_are_not_known() {
    let daemon = Running::start(&[]);
    assert_eq!(dig(daemon.address, &["+opcode=status", "www.example.test"]).status(), "NOTIMP");
    assert_eq!(dig(daemon.address, &["+opcode=update", "www.example.test"]).status(), "NOTIMP");
    assert_eq!(dig(daemon.address, &["-c", "CH", "www.example.test"]).status(), "NOTIMP");
    assert_eq!(dig(daemon.address, &["-c", "HS", "www.example.test"]).status(), "NOTIMP");
}
