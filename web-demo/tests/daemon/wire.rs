//! Messages that no proper client sends.

use std::net::UdpSocket;

use crate::dig::dig;
use crate::running::Running;

/// `www.example.test A IN` under `id`, recursion desired.
pub(crate) fn query(id: u16) -> Vec<u8> {
    query_for("www", id)
}

/// The same for another name of the zone.
pub(crate) fn query_for(host: &str, id: u16) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in [host, "example", "test", ""] {
        message.push(label.len() as u8);
        message.extend(label.bytes());
    }
    message.extend([0, 1, 0, 1]);
    message
}

/// Sends one message and gives the answer.
fn ask(daemon: &Running, client: &UdpSocket, message: &[u8]) -> Vec<u8> {
    client.send(message).unwrap();
    daemon.receive(client)
}

pub(crate) fn rcode(message: &[u8]) -> u8 {
    message[3] & 15
}

const NOERROR: u8 = 0;
const FORMERR: u8 = 1;
const NOTIMP: u8 = 4;

#[test]
fn id_and_question_are_echoed() {
    let daemon = Running::start(&[]);
    let asked = query(0xbeef);
    let answer = ask(&daemon, &daemon.client(), &asked);
    assert_eq!(answer[..2], [0xbe, 0xef]);
    assert_eq!(answer[12..asked.len()], asked[12..]);
    assert_eq!((answer[2], rcode(&answer)), (0x81, NOERROR));
}

#[test]
fn what_cannot_be_read_is_formerr() {
    let daemon = Running::start(&[]);
    let client = daemon.client();
    let changed = |at: usize, byte: u8| {
        let mut message = query(7);
        message[at] = byte;
        message
    };
    let cases = [
        ("no question", query(7)[..12].to_vec()),
        ("a question cut off", query(7)[..20].to_vec()),
        ("no question counted", changed(5, 0)),
        ("two questions counted", changed(5, 2)),
        ("a record counted that is not there", changed(11, 1)),
        ("bytes after the end", [query(7), vec![0]].concat()),
        ("a label of 64 bytes", changed(12, 64)),
        ("a name that points at itself", [&changed(12, 0xc0)[..13], &[12, 0, 1, 0, 1]].concat()),
        ("two OPT records", [&changed(11, 2)[..], &[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0].repeat(2)].concat()),
        ("an option longer than its OPT", [&changed(11, 1)[..], &[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 4, 0, 10, 0, 9]].concat()),
    ];
    for (what, message) in cases {
        let answer = ask(&daemon, &client, &message);
        assert_eq!(rcode(&answer), FORMERR, "{what}: {answer:?}");
        assert_eq!((&answer[..2], answer[2] & 0x81), (&[0, 7][..], 0x81), "{what}: id, QR and RD");
    }
}

#[test]
fn other_operations_are_notimp_whatever_follows() {
    let daemon = Running::start(&[]);
    let client = daemon.client();
    for opcode in 1..16 {
        let mut message = query(opcode);
        message[2] = (opcode as u8) << 3;
        let answer = ask(&daemon, &client, &message);
        assert_eq!((rcode(&answer), answer[2] & 0x78), (NOTIMP, (opcode as u8) << 3));
        message.truncate(14);
        assert_eq!(rcode(&ask(&daemon, &client, &message)), NOTIMP);
    }
}

#[test]
fn responses_and_scraps_are_met_with_silence() {
    let daemon = Running::start(&[]);
    let client = daemon.client();
    let mut response = query(1);
    response[2] |= 0x80;
    client.send(&response).unwrap();
    for len in 0..12 {
        client.send(&query(2)[..len]).unwrap();
    }
    // A FORMERR comes at once, so whatever was to be said to those before would have come first.
    let answer = ask(&daemon, &client, &query(3)[..12]);
    assert_eq!(answer[..2], [0, 3]);
    assert_eq!(ask(&daemon, &client, &query(4))[..2], [0, 4]);
    let clients = daemon.report_with("clients").into_iter().find(|line| line.contains("clients")).unwrap();
    assert!(clients.contains("1 rejected, 13 ignored, 0 dropped"), "{clients}");
}

#[test]
fn a_flood_of_garbage_changes_nothing() {
    let daemon = Running::start(&["--quiet"]);
    let idle = daemon.nodes();
    let client = daemon.client();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut message = [0; 600];
    for _ in 0..20_000 {
        for byte in &mut message {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = state as u8;
        }
        let _full_is_fine = client.send(&message[..state as usize % message.len()]);
    }
    // The kernel may drop a query that comes while the flood still stands in the queue.
    assert_eq!(dig(daemon.address, &["www.example.test", "+tries=5", "+time=2"]).status(), "NOERROR");
    assert_eq!(daemon.nodes(), idle);
}
