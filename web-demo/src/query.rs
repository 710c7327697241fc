//! [`Query`]: a message that a client sent, read and checked.

use alloc::vec::Vec;
use domain::base::iana::{Opcode, OptRcode};
use domain::base::wire::ParseError;
use domain::base::{Header, Message};

use crate::records::{Edns, Records};
use crate::{Question, Reply};

/// The largest UDP message we take and send, in bytes: what EDNS(0) tells clients and upstreams alike (RFC 6891, section 6.2.5 names this
/// value).
pub const OUR_SIZE: u16 = 4096;

/// The largest UDP message of a party that speaks no EDNS, in bytes (RFC 1035, section 2.3.4).
pub const PLAIN_SIZE: u16 = 512;

/// A well-formed query: one question and who asks it.
#[derive(Clone, Debug)]
pub struct Query {
    /// What the reply must repeat, and how large it may be.
    pub head: Head,
    /// What is asked.
    pub question: Question,
}

/// What every reply takes from its query, an error reply too.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Chosen by the client, echoed in the reply.
    pub id: u16,
    /// The kind of the query; anything but [`Opcode::QUERY`] is refused.
    pub opcode: Opcode,
    /// RD: copied into the reply.
    pub recursion_desired: bool,
    /// CD: copied into the reply.
    pub checking_disabled: bool,
    /// The largest message the client takes, in bytes, if it speaks EDNS(0).
    pub edns_size: Option<u16>,
    /// DO: the client takes DNSSEC records; copied into the reply's OPT record (RFC 3225, section 3).
    pub dnssec_ok: bool,
}

/// Why a message is no query that can be answered with records.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unanswerable {
    /// Shorter than a header, or itself a response: nobody to answer, or an answer would make two servers talk to each other for ever.
    Silence,
    /// To be answered with an error code.
    Rejected(Rejected),
}

/// A query that gets an error code and nothing else.
#[derive(Debug)]
pub struct Rejected {
    head: Head,
    question: Option<Question>,
    rcode: OptRcode,
}

impl Query {
    /// Reads a message as a server does.
    ///
    /// # Errors
    ///
    /// [`Unanswerable::Silence`] below 12 bytes and for responses. [`Unanswerable::Rejected`] as NOTIMP for other operations than QUERY,
    /// as BADVERS for another EDNS version than 0 (RFC 6891, section 6.1.3), as FORMERR for everything that is not one question, at most
    /// one OPT record and records that can be read, up to the last byte.
    pub fn parse(message: &[u8]) -> Result<Query, Unanswerable> {
        let message = Message::from_slice(message).map_err(|_| Unanswerable::Silence)?;
        if message.header().qr() {
            return Err(Unanswerable::Silence);
        }
        let question = message.sole_question().ok().map(|question| Question::from_message(&question));
        let edns = edns_of(message);
        let head = Head::new(message.header(), edns.as_ref().ok().copied().flatten());
        let reject = |question, rcode| Err(Unanswerable::Rejected(Rejected { head, question, rcode }));
        match (head.opcode, edns, question) {
            (Opcode::QUERY, Ok(Some(Edns { version: 1.., .. })), question) => reject(question, OptRcode::BADVERS),
            (Opcode::QUERY, Ok(_), Some(question)) => Ok(Query { head, question }),
            (Opcode::QUERY, _, question) => reject(question, OptRcode::FORMERR),
            (_, _, question) => reject(question, OptRcode::NOTIMP),
        }
    }
}

impl Head {
    fn new(header: Header, edns: Option<Edns>) -> Head {
        Head {
            id: header.id(),
            opcode: header.opcode(),
            recursion_desired: header.rd(),
            checking_disabled: header.cd(),
            edns_size: edns.map(|edns| edns.size),
            dnssec_ok: edns.is_some_and(|edns| edns.dnssec_ok),
        }
    }

    /// The largest reply this client gets, in bytes: what it takes, but no more than [`OUR_SIZE`] and no less than [`PLAIN_SIZE`].
    pub fn size_max(&self) -> usize {
        self.edns_size.unwrap_or(PLAIN_SIZE).clamp(PLAIN_SIZE, OUR_SIZE).into()
    }
}

impl Rejected {
    /// The reply, ready to send.
    pub fn reply(&self) -> Vec<u8> {
        Reply::code(self.rcode).compose(&self.head, self.question.as_ref())
    }

    /// The code that the reply carries.
    pub fn rcode(&self) -> OptRcode {
        self.rcode
    }
}

/// Walks the whole message, so that what lies behind the question is no place to hide garbage.
fn edns_of(message: &Message<[u8]>) -> Result<Option<Edns>, ParseError> {
    let records = Records::read(message)?;
    if records.opts > 1 || !records.are_opts_at_root {
        return Err(ParseError::form_error("an OPT record too many, or not at the root"));
    }
    if records.end < message.as_slice().len() {
        return Err(ParseError::form_error("bytes after the last record"));
    }
    Ok(records.edns)
}
