//! [`Reply`]: what a server says to a client.

use alloc::vec::Vec;
use domain::base::iana::OptRcode;
use domain::base::message_builder::{AdditionalBuilder, MessageBuilder, PushError, StaticCompressor};
use domain::base::record::ComposeRecord;

use crate::query::{Head, OUR_SIZE};
use crate::{OwnedRecord, Question};

/// The bytes of our OPT record: root, type, size, extended code and flags, no options.
const OPT_BYTES: usize = 11;

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
            .or_else(|_| Reply { truncated: true, ..Reply::code(self.rcode) }.try_compose(head, question))
            .expect("header, question (at most 259 bytes) and OPT fit into 512 bytes")
    }

    fn try_compose(&self, head: &Head, question: Option<&Question>) -> Result<Vec<u8>, PushError> {
        let mut builder =
            MessageBuilder::from_target(StaticCompressor::new(Vec::with_capacity(PLAIN_CAPACITY))).expect("a vector takes a header");
        // The builder's limit is the first length that it refuses.
        let reserved = if head.edns_size.is_some() { OPT_BYTES } else { 0 };
        builder.set_push_limit(head.size_max() - reserved + 1);
        self.fill_header(head, &mut builder);

        let mut builder = builder.question();
        if let Some(question) = question {
            builder.push(question.as_wire())?;
        }
        let mut builder = builder.answer();
        self.answer.iter().try_for_each(|record| builder.push_ref(record))?;
        let mut builder = builder.authority();
        self.authority.iter().try_for_each(|record| builder.push(record))?;
        let mut builder = builder.additional();
        let _what_fits = self.additional.iter().try_for_each(|record| builder.push(record));

        builder.clear_push_limit();
        self.push_opt(head, &mut builder)?;
        Ok(builder.finish().into_target())
    }

    fn fill_header(&self, head: &Head, builder: &mut MessageBuilder<StaticCompressor<Vec<u8>>>) {
        let header = builder.header_mut();
        header.set_id(head.id);
        header.set_qr(true);
        header.set_opcode(head.opcode);
        header.set_aa(self.authoritative);
        header.set_tc(self.truncated);
        header.set_rd(head.recursion_desired);
        header.set_ra(true);
        header.set_cd(head.checking_disabled);
        header.set_rcode(self.rcode.rcode());
    }

    fn push_opt(&self, head: &Head, builder: &mut AdditionalBuilder<StaticCompressor<Vec<u8>>>) -> Result<(), PushError> {
        if head.edns_size.is_none() {
            return Ok(());
        }
        builder.opt(|opt| {
            opt.set_udp_payload_size(OUR_SIZE);
            opt.set_rcode(self.rcode);
            opt.set_dnssec_ok(head.dnssec_ok);
            Ok(())
        })
    }
}

/// Room for a usual reply without growing, in bytes.
const PLAIN_CAPACITY: usize = 512;
