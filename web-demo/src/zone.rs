//! [`Zone`]: the little world of `example.test` that the built-in upstreams answer from.

use core::time::Duration;

use domain::base::iana::{Class, OptRcode, Rtype};
use domain::base::{Name, Record, ToName, Ttl};
use hamadryad::millis;

use crate::{Data, Question, Reply};

/// A record that borrows nothing.
pub type OwnedRecord = Record<Name<Vec<u8>>, Data<Vec<u8>, Name<Vec<u8>>>>;

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

impl Zone {
    /// The zone above.
    pub fn example_test() -> Zone {
        let www = name("www.example.test");
        let text: Vec<u8> = (b'a'..=b'z').cycle().take(TXT_BYTES).collect();
        let record = |owner: &str, data| Record::new(name(owner), Class::IN, TTL, data);
        Zone {
            records: vec![
                record("www.example.test", Data::a([192, 0, 2, 1].into())),
                record("www.example.test", Data::aaaa([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into())),
                record("mail.example.test", Data::a([192, 0, 2, 25].into())),
                record("alias.example.test", Data::cname(www)),
                record("slow.example.test", Data::a([192, 0, 2, 99].into())),
                record("txt.example.test", Data::txt(&text)),
            ],
            soa: record("example.test", soa()),
        }
    }

    /// Answers like a server that knows this zone and nothing else of the world: NXDOMAIN for other names, an empty answer for a type
    /// that a name does not have, NOTIMP for other classes than IN and for the types that are operations (RFC 6895, section 3.1: 128 to
    /// 254).
    pub fn look_up(&self, question: &Question) -> Found {
        let is_slow = question.name().name_eq(&name("slow.example.test"));
        Found { reply: self.reply_to(question), after: if is_slow { SLOW } else { Duration::ZERO } }
    }

    fn reply_to(&self, question: &Question) -> Reply {
        if question.class() != Class::IN || is_operation(question.rtype()) {
            return Reply::code(OptRcode::NOTIMP);
        }
        let mut reply = Reply { authoritative: true, ..Reply::code(OptRcode::NOERROR) };
        let mut owner = question.name().clone();
        // A CNAME is followed once, and the zone has no chains.
        if let Some(alias) = self.alias_of(&owner)
            && !matches!(question.rtype(), Rtype::CNAME | Rtype::ANY)
        {
            reply.answer.push(alias.0.clone());
            owner = alias.1.clone();
        }
        reply.answer.extend(self.at(&owner).filter(|record| is_asked(record.rtype(), question.rtype())).cloned());
        if question.rtype() == Rtype::SOA && owner.name_eq(self.soa.owner()) {
            reply.answer.push(self.soa.clone());
        }
        if !self.has(&owner) {
            reply.rcode = OptRcode::NXDOMAIN;
        }
        let is_found = reply.answer.last().is_some_and(|record| is_asked(record.rtype(), question.rtype()));
        // RFC 2308, section 3: a negative answer carries the SOA, of this zone only.
        if !is_found && owner.ends_with(self.soa.owner()) {
            reply.authority.push(self.soa.clone());
        }
        reply
    }

    fn at<'zone>(&'zone self, owner: &Name<Vec<u8>>) -> impl Iterator<Item = &'zone OwnedRecord> {
        self.records.iter().filter(move |record| record.owner().name_eq(owner))
    }

    fn has(&self, owner: &Name<Vec<u8>>) -> bool {
        owner.name_eq(self.soa.owner()) || self.at(owner).next().is_some()
    }

    fn alias_of(&self, owner: &Name<Vec<u8>>) -> Option<(&OwnedRecord, &Name<Vec<u8>>)> {
        self.at(owner).find(|record| record.rtype() == Rtype::CNAME).and_then(|record| Some((record, record.data().name()?)))
    }
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

fn soa() -> Data<Vec<u8>, Name<Vec<u8>>> {
    let (serial, refresh, retry, expire) = (1, 3600, 600, 86_400);
    Data::soa(name("ns.example.test"), name("hostmaster.example.test"), [serial, refresh, retry, expire, TTL.as_secs()])
}
