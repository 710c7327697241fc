//! [`Zone`]: the little world of `example.test` that the built-in upstreams answer from.

use alloc::vec::Vec;
use core::time::Duration;

use domain::base::iana::{Class, OptRcode, Rtype};
use domain::base::rdata::UnknownRecordData;
use domain::base::{Name, Record, Ttl};
use hamadryad::millis;

use crate::{Question, Reply};

/// A record that borrows nothing, its data as they stand in a message that compresses no names.
pub type OwnedRecord = Record<Name<Vec<u8>>, UnknownRecordData<Vec<u8>>>;

/// The bytes of text at `txt.example.test`: more than a message without EDNS can carry.
pub const TXT_BYTES: usize = 1400;

/// How long `slow.example.test` takes: longer than one upstream is waited for.
pub const SLOW: Duration = millis(1500);

const TTL: Ttl = Ttl::from_secs(60);

/// The records of `example.test`.
///
/// | name | records |
/// |---|---|
/// | `www` | A 192.0.2.1, AAAA 2001:db8::1 |
/// | `mail` | A 192.0.2.25 |
/// | `alias` | CNAME `www.example.test` |
/// | `slow` | A 192.0.2.99, after [`SLOW`] |
/// | `txt` | TXT, [`TXT_BYTES`] |
///
/// ```
/// use hamadryad_demo::{Question, Zone};
/// let found = Zone::example_test().look_up(&Question::address_of("www.example.test")?);
/// assert_eq!(found.reply.answer.len(), 1);
/// # Ok::<_, hamadryad_demo::NotAName>(())
/// ```
#[derive(Debug)]
pub struct Zone {
    records: Vec<OwnedRecord>,
    soa: OwnedRecord,
}

/// What a zone says to a question.
#[derive(Debug)]
pub struct Found {
    /// Code and records.
    pub reply: Reply,
    /// How long the zone takes for it.
    pub after: Duration,
}

/// What a record says.
enum Says {
    /// Its data.
    Bytes(Rtype, &'static [u8]),
    /// It is a CNAME for that name.
    Alias(&'static str),
    /// It is a TXT of [`TXT_BYTES`].
    Text,
}

const RECORDS: [(&str, Says); 6] = [
    ("www.example.test", Says::Bytes(Rtype::A, &[192, 0, 2, 1])),
    ("www.example.test", Says::Bytes(Rtype::AAAA, &[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ("mail.example.test", Says::Bytes(Rtype::A, &[192, 0, 2, 25])),
    ("alias.example.test", Says::Alias("www.example.test")),
    ("slow.example.test", Says::Bytes(Rtype::A, &[192, 0, 2, 99])),
    ("txt.example.test", Says::Text),
];

impl Zone {
    /// The zone above.
    pub fn example_test() -> Zone {
        let records = RECORDS.iter().map(|(owner, says)| {
            let (rtype, data) = match says {
                Says::Bytes(rtype, bytes) => (*rtype, bytes.to_vec()),
                Says::Alias(other) => (Rtype::CNAME, name(other).into_octets()),
                Says::Text => (Rtype::TXT, text()),
            };
            record(owner, rtype, data)
        });
        Zone { records: records.collect(), soa: record("example.test", Rtype::SOA, soa()) }
    }

    /// Answers like a server that knows this zone and nothing else of the world: NXDOMAIN for other names, an empty answer for a type
    /// that a name does not have, NOTIMP for other classes than IN and for the types that are operations (RFC 6895, section 3.1: 128 to
    /// 254).
    pub fn look_up(&self, question: &Question) -> Found {
        let is_slow = is_same(question.name().as_slice(), name("slow.example.test").as_slice());
        Found { reply: self.reply_to(question), after: if is_slow { SLOW } else { Duration::ZERO } }
    }

    fn reply_to(&self, question: &Question) -> Reply {
        if question.class() != Class::IN || is_operation(question.rtype()) {
            return Reply::code(OptRcode::NOTIMP);
        }
        let mut reply = Reply { authoritative: true, ..Reply::code(OptRcode::NOERROR) };
        let mut owner = question.name().as_slice();
        // A CNAME is followed once, and the zone has no chains.
        if let Some(alias) = self.at(owner).find(|record| record.rtype() == Rtype::CNAME)
            && !matches!(question.rtype(), Rtype::CNAME | Rtype::ANY)
        {
            reply.answer.push(alias.clone());
            owner = alias.data().data();
        }
        reply.answer.extend(self.at(owner).filter(|record| is_asked(record.rtype(), question.rtype())).cloned());
        let is_found = reply.answer.last().is_some_and(|record| is_asked(record.rtype(), question.rtype()));
        if self.at(owner).next().is_none() {
            reply.rcode = OptRcode::NXDOMAIN;
        }
        // RFC 2308, section 3: a negative answer carries the SOA, of this zone only.
        if !is_found && is_within(owner, self.soa.owner().as_slice()) {
            reply.authority.push(self.soa.clone());
        }
        reply
    }

    /// The records of a name, which is given as it stands in a message.
    fn at(&self, owner: &[u8]) -> impl Iterator<Item = &OwnedRecord> {
        self.records.iter().chain([&self.soa]).filter(move |record| is_same(record.owner().as_slice(), owner))
    }
}

/// Whether two names are the same but for their case. (The lengths of their labels are no letters.)
fn is_same(name: &[u8], other: &[u8]) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// Whether a name is another one, or below it.
fn is_within(mut name: &[u8], other: &[u8]) -> bool {
    while !is_same(name, other) {
        match name.split_first().and_then(|(len, rest)| rest.get(usize::from(*len)..)) {
            Some(above) => name = above,
            None => return false,
        }
    }
    true
}

fn is_asked(rtype: Rtype, wanted: Rtype) -> bool {
    rtype == wanted || wanted == Rtype::ANY
}

fn is_operation(rtype: Rtype) -> bool {
    rtype == Rtype::OPT || (128..=254).contains(&rtype.to_int())
}

fn name(text: &str) -> Name<Vec<u8>> {
    Name::vec_from_str(text).expect("the names of this zone are legal")
}

fn record(owner: &str, rtype: Rtype, data: Vec<u8>) -> OwnedRecord {
    let data = UnknownRecordData::from_octets(rtype, data).expect("the data of this zone are short");
    Record::new(name(owner), Class::IN, TTL, data)
}

/// In character strings of 255 bytes at most (RFC 1035, section 3.3.14).
fn text() -> Vec<u8> {
    const STRING_MAX: usize = 255;
    let mut data = Vec::new();
    for at in 0..TXT_BYTES {
        if at % STRING_MAX == 0 {
            data.push(STRING_MAX.min(TXT_BYTES - at) as u8);
        }
        data.push(b'a' + (at % 26) as u8);
    }
    data
}

/// Server and mailbox; serial, and refresh, retry, expire, minimum in seconds (RFC 1035, section 3.3.13).
fn soa() -> Vec<u8> {
    let mut data = name("ns.example.test").into_octets();
    data.extend_from_slice(name("hostmaster.example.test").as_slice());
    for number in [1, 3600, 600, 86_400, TTL.as_secs()] {
        data.extend_from_slice(&number.to_be_bytes());
    }
    data
}
