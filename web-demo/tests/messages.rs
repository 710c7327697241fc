//! Reading queries and making replies, without any network.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use domain::base::iana::{OptRcode, Rtype};
use domain::base::message_builder::OptBuilder;
use domain::base::{Message, MessageBuilder, Name};
use hamadryad_demo::{OUR_SIZE, Query, Question, Reply, Unanswerable, Zone};

fn query(name: &str, rtype: Rtype, edns_size: Option<u16>) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(0xbeef);
    let mut builder = builder.question();
    builder.push((Name::vec_from_str(name).unwrap(), rtype)).unwrap();
    let mut builder = builder.additional();
    if let Some(size) = edns_size {
        let say_size = |opt: &mut OptBuilder<'_, Vec<u8>>| {
            opt.set_udp_payload_size(size);
            Ok(())
        };
        builder.opt(say_size).unwrap();
    }
    builder.finish()
}

fn answered(message: &[u8]) -> Message<Vec<u8>> {
    let query = Query::parse(message).expect("well-formed");
    let reply = Zone::example_test().look_up(&query.question).reply.compose(&query.head, Some(&query.question));
    Message::from_octets(reply).unwrap()
}

/// The least size that the whole answer fits into is not truncated; one byte less is.
#[test]
fn truncation_is_exact() {
    let whole = answered(&query("txt.example.test", Rtype::TXT, Some(OUR_SIZE)));
    let size = whole.as_slice().len() as u16;
    assert!(!whole.header().tc() && size > 1400);
    for (size_max, is_cut) in [(size, false), (size - 1, true), (1232, true), (512, true), (0, true), (u16::MAX, false)] {
        let reply = answered(&query("txt.example.test", Rtype::TXT, Some(size_max)));
        assert_eq!(reply.header().tc(), is_cut, "{size_max} bytes");
        assert!(reply.as_slice().len() <= usize::from(size_max.max(512)), "{size_max} bytes");
        assert_eq!(reply.opt().map(|opt| opt.udp_payload_size()), Some(OUR_SIZE), "also when cut");
        assert_eq!(reply.header_counts().ancount(), u16::from(!is_cut));
    }
}

/// RFC 3225, section 3: DO comes back as it was; without EDNS there is nowhere to put it. In rejections, too.
#[test]
fn the_do_bit_is_echoed() {
    let dnssec_ok = |message: &Message<Vec<u8>>| message.opt().map(|opt| opt.dnssec_ok());
    let mut asked = query("www.example.test", Rtype::A, Some(1232));
    assert_eq!(dnssec_ok(&answered(&asked)), Some(false));
    let flags = asked.len() - 4;
    asked[flags] = 0x80;
    assert_eq!(dnssec_ok(&answered(&asked)), Some(true));
    let version = flags - 1;
    asked[version] = 1;
    let Err(Unanswerable::Rejected(rejected)) = Query::parse(&asked) else { panic!("EDNS version 1 is not known") };
    assert_eq!(rejected.rcode(), OptRcode::BADVERS);
    let reply = Message::from_octets(rejected.reply()).unwrap();
    assert_eq!((dnssec_ok(&reply), reply.opt_rcode()), (Some(true), OptRcode::BADVERS));
    assert_eq!(dnssec_ok(&answered(&query("www.example.test", Rtype::A, None))), None);
}

/// The longest name there is, in the smallest message, with everything that an error reply repeats.
#[test]
fn the_longest_question_fits_into_the_smallest_reply() {
    let name = [&["a".repeat(63).as_str(); 3][..], &["b".repeat(61).as_str()]].concat().join(".");
    let question = Question::address_of(&name).unwrap();
    assert_eq!(question.name().len(), 255);
    let message = answered(&query(&name, Rtype::A, Some(512)));
    assert_eq!(message.opt_rcode(), OptRcode::NXDOMAIN);
}

#[test]
fn what_is_no_query() {
    let well_formed = query("www.example.test", Rtype::A, Some(1232));
    assert!(Query::parse(&well_formed).is_ok());
    for len in 0..well_formed.len() {
        match Query::parse(&well_formed[..len]) {
            Err(Unanswerable::Silence) => assert!(len < 12, "{len} bytes"),
            Err(Unanswerable::Rejected(rejected)) => {
                assert_eq!(rejected.rcode(), OptRcode::FORMERR, "{len} bytes");
                assert_eq!(Message::from_octets(rejected.reply()).unwrap().header().id(), 0xbeef);
            }
            other => panic!("{len} bytes: {other:?}"),
        }
    }
}

/// What people read is printable, whatever bytes a name is made of.
#[test]
fn a_hostile_name_does_not_reach_the_terminal() {
    let mut message = query("www.example.test", Rtype::A, None);
    message[13..16].copy_from_slice(b"\x1b\x9b\n");
    let query = Query::parse(&message).expect("any byte may be in a label");
    assert_eq!(query.question.to_string(), "\\027\\155\\010.example.test A");
}

/// Nothing that comes in from the network makes us panic, and what is answered is answered within 512 bytes.
#[test]
fn changed_queries_are_read_or_rejected() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize % below
    };
    let (mut read, mut rejected, mut silent) = (0, 0, 0);
    for _ in 0..100_000 {
        let mut message = query("www.example.test", Rtype::A, [None, Some(1232)][random(2)]);
        for _ in 0..random(4) {
            let at = random(message.len());
            message[at] = random(256) as u8;
        }
        match Query::parse(&message) {
            Ok(query) => {
                read += 1;
                let reply = Reply::code(OptRcode::SERVFAIL).compose(&query.head, Some(&query.question));
                assert!(reply.len() <= 512);
            }
            Err(Unanswerable::Rejected(error)) => {
                rejected += 1;
                assert!(error.reply().len() <= 512);
            }
            Err(_) => silent += 1,
        }
    }
    assert!(read > 1000 && rejected > 1000 && silent > 1000, "{read} read, {rejected} rejected, {silent} silent");
}
