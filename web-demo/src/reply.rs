//! [`Reply`]: what a server says to a client.

use alloc::vec::Vec;
use domain::base::Header;
use domain::base::iana::OptRcode;
use domain::base::record::ComposeRecord;

use crate::outgoing::{Outgoing, OutgoingEdns};
use crate::query::{Head, OUR_SIZE};
use crate::{OwnedRecord, Question};

/// A code and the records that go with it. `R` is a record, owned (from a zone) or borrowed (from an upstream's answer).
#[derive(Clone, Debug)]
pub struct Reply<R = OwnedRecord> {
    /// How it went.
    pub rcode: OptRcode,
    /// AA: said by whoever holds the zone.
    pub authoritative: bool,
    /// TC: there would have been more.
    pub truncated: bool,
    /// What was asked for.
    pub answer: Vec<R>,
    /// Who says that there is nothing more.
    pub authority: Vec<R>,
    /// What may save the client another question.
    pub additional: Vec<R>,
}

impl Reply {
    /// A code without records.
    pub fn code(rcode: OptRcode) -> Reply {
        Reply { rcode, authoritative: false, truncated: false, answer: Vec::new(), authority: Vec::new(), additional: Vec::new() }
    }
}

impl<R: ComposeRecord> Reply<R> {
    /// The message for one client: its id, its question, its RD and CD, RA set, our EDNS size and its DO if it speaks EDNS.
    ///
    /// What does not fit into the client's size goes: additional records silently (RFC 2181, section 9), otherwise all records, and TC is
    /// set, which tells the client to ask again by other means.
    pub fn compose(&self, head: &Head, question: Option<&Question>) -> Vec<u8> {
        self.try_compose(head, question)
            .or_else(|| Reply { truncated: true, ..Reply::code(self.rcode) }.try_compose(head, question))
            .expect("header, question (at most 259 bytes) and OPT fit into 512 bytes")
    }

    fn try_compose(&self, head: &Head, question: Option<&Question>) -> Option<Vec<u8>> {
        let says = |_| OutgoingEdns { size: OUR_SIZE, rcode: self.rcode, dnssec_ok: head.dnssec_ok };
        let message = Outgoing {
            header: self.header(head),
            question,
            sections: [&self.answer, &self.authority, &self.additional],
            edns: head.edns_size.map(says),
            size_max: head.size_max(),
        };
        message.compose()
    }

    fn header(&self, head: &Head) -> Header {
        let mut header = Header::new();
        header.set_id(head.id);
        header.set_qr(true);
        header.set_opcode(head.opcode);
        header.set_aa(self.authoritative);
        header.set_tc(self.truncated);
        header.set_rd(head.recursion_desired);
        header.set_ra(true);
        header.set_cd(head.checking_disabled);
        header.set_rcode(self.rcode.rcode());
        header
    }
}
