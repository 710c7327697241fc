//! [`Answer`]: what an upstream said, checked, and how it was come by.

use alloc::rc::Rc;
use alloc::vec::Vec;

use domain::base::iana::{OptRcode, Rtype};
use domain::base::message::RecordSection;
use domain::base::name::ParsedName;
use domain::base::wire::ParseError;
use domain::base::{Message, Record};

use crate::attempt::{Attempt, Attempts};
use crate::query::Head;
use crate::{Data, Question, Reply};

/// An upstream's answer. Cheap to copy: all who share a question get the same bytes.
#[derive(Clone, Debug)]
pub struct Answer(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    message: Message<Vec<u8>>,
    attempts: Vec<Attempt>,
}

type ParsedRecord<'a> = Record<ParsedName<&'a [u8]>, Data<&'a [u8], ParsedName<&'a [u8]>>>;

impl Answer {
    /// Takes in a message that [`is_readable`] and the way to it.
    pub(crate) fn new(message: Message<Vec<u8>>, attempts: Vec<Attempt>) -> Answer {
        Answer(Rc::new(Inner { message, attempts }))
    }

    /// How it went: NOERROR, NXDOMAIN or NOTIMP.
    pub fn rcode(&self) -> OptRcode {
        self.0.message.opt_rcode()
    }

    /// The data of its answer section, in order.
    pub fn records(&self) -> impl Iterator<Item = Data<&[u8], ParsedName<&[u8]>>> {
        let records = self.0.message.for_slice().answer().and_then(records_in).unwrap_or_default();
        records.into_iter().map(Record::into_data)
    }

    /// The message as the upstream sent it.
    pub fn message(&self) -> &Message<Vec<u8>> {
        &self.0.message
    }

    /// Whom we asked, in order; the last one answered.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// The way to this answer in words: `upstream-1 (dead) did not answer within 400 ms, upstream-2 answered after 41 ms`.
    pub fn way(&self) -> impl core::fmt::Display + '_ {
        Attempts(&self.0.attempts)
    }

    /// The message for one client that asked `question`.
    pub fn compose(&self, head: &Head, question: &Question) -> Vec<u8> {
        match self.records_in_parts() {
            Ok(reply) => reply.compose(head, Some(question)),
            // It could be read when it came, so this is for whoever changes that check.
            Err(_) => Reply::code(OptRcode::SERVFAIL).compose(head, Some(question)),
        }
    }

    fn records_in_parts(&self) -> Result<Reply<ParsedRecord<'_>>, ParseError> {
        records_of(self.0.message.for_slice())
    }
}

/// Whether every record of a message can be read and so be handed on.
pub(crate) fn is_readable(message: &Message<[u8]>) -> bool {
    [message.answer(), message.authority(), message.additional()].into_iter().all(|section| section.and_then(records_in).is_ok())
}

fn records_of(message: &Message<[u8]>) -> Result<Reply<ParsedRecord<'_>>, ParseError> {
    Ok(Reply {
        rcode: message.opt_rcode(),
        authoritative: false,
        truncated: message.header().tc(),
        answer: records_in(message.answer()?)?,
        authority: records_in(message.authority()?)?,
        additional: records_in(message.additional()?)?,
    })
}

/// All but OPT and TSIG, which speak of the hop they came over (RFC 6891, section 6.1.1; RFC 8945, section 5.3).
fn records_in<'a>(section: RecordSection<'a, [u8]>) -> Result<Vec<ParsedRecord<'a>>, ParseError> {
    let mut records = Vec::new();
    for record in section {
        let record = record?;
        if !matches!(record.rtype(), Rtype::OPT | Rtype::TSIG) {
            records.extend(record.into_record()?);
        }
    }
    Ok(records)
}
