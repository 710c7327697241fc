//! [`Answer`]: what an upstream said, checked, and how it was come by.

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use domain::base::iana::OptRcode;
use domain::base::{Message, Record};

use crate::attempt::{Attempt, add_attempts};
use crate::query::Head;
use crate::records::{ReadRecord, Records};
use crate::{Data, Question, Reply};

/// An upstream's answer. Cheap to copy: all who share a question get the same bytes.
#[derive(Clone, Debug)]
pub struct Answer(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    message: Message<Vec<u8>>,
    rcode: OptRcode,
    attempts: Vec<Attempt>,
}

impl Answer {
    /// Takes in a message whose records can be read, its code, and the way to it.
    pub(crate) fn new(message: Message<Vec<u8>>, rcode: OptRcode, attempts: Vec<Attempt>) -> Answer {
        Answer(Rc::new(Inner { message, rcode, attempts }))
    }

    /// How it went: NOERROR, NXDOMAIN or NOTIMP.
    pub fn rcode(&self) -> OptRcode {
        self.0.rcode
    }

    /// The data of its answer section, in order.
    pub fn records(&self) -> impl Iterator<Item = Data<'_>> {
        // It could be read when it came.
        let [answer, ..] = Records::read(self.0.message.for_slice()).unwrap_or_default().sections;
        answer.into_iter().map(Record::into_data)
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
    pub fn way(&self) -> String {
        let mut way = String::new();
        add_attempts(&self.0.attempts, &mut way);
        way
    }

    /// The message for one client that asked `question`.
    pub fn compose(&self, head: &Head, question: &Question) -> Vec<u8> {
        match Records::read(self.0.message.for_slice()) {
            Ok(records) => self.reply(records).compose(head, Some(question)),
            // It could be read when it came, so this is for whoever changes that check.
            Err(_) => Reply::code(OptRcode::SERVFAIL).compose(head, Some(question)),
        }
    }

    fn reply<'a>(&self, records: Records<'a>) -> Reply<ReadRecord<'a>> {
        let truncated = self.0.message.header().tc();
        let [answer, authority, additional] = records.sections;
        Reply { rcode: self.0.rcode, authoritative: false, truncated, answer, authority, additional }
    }
}
