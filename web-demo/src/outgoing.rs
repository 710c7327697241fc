//! [`Outgoing`]: a message that is put together, a query as well as a reply.

use alloc::vec::Vec;
use domain::base::Header;
use domain::base::iana::OptRcode;
use domain::base::message_builder::{MessageBuilder, PushError};
use domain::base::record::ComposeRecord;

use crate::Question;

/// The bytes of an OPT record of ours: root, type, size, extended code and flags, no options.
const OPT_BYTES: usize = 11;

/// Room for a usual message without growing, in bytes.
const USUAL_BYTES: usize = 512;

/// What it is written into: where names are compressed.
#[cfg(not(target_family = "wasm"))]
mod target {
    use alloc::vec::Vec;
    use domain::base::StaticCompressor;

    pub(super) fn of(bytes: Vec<u8>) -> StaticCompressor<Vec<u8>> {
        StaticCompressor::new(bytes)
    }

    pub(super) fn into_bytes(target: StaticCompressor<Vec<u8>>) -> Vec<u8> {
        target.into_target()
    }
}

/// A page's messages go no further than to this machine: names stay as they are, and the page is 0.4 KB smaller.
#[cfg(target_family = "wasm")]
mod target {
    use alloc::vec::Vec;

    pub(super) fn of(bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    pub(super) fn into_bytes(target: Vec<u8>) -> Vec<u8> {
        target
    }
}

/// What a message is made of.
pub(crate) struct Outgoing<'a, R> {
    pub(crate) header: Header,
    pub(crate) question: Option<&'a Question>,
    pub(crate) answer: &'a [R],
    pub(crate) authority: &'a [R],
    /// As many as fit: the others are left out.
    pub(crate) additional: &'a [R],
    /// Of a message with EDNS.
    pub(crate) edns: Option<OutgoingEdns>,
    /// The most bytes that it may have.
    pub(crate) size_max: usize,
}

/// What its OPT record says.
pub(crate) struct OutgoingEdns {
    /// How much we take.
    pub(crate) size: u16,
    pub(crate) rcode: OptRcode,
    pub(crate) dnssec_ok: bool,
}

impl<R: ComposeRecord> Outgoing<'_, R> {
    /// # Errors
    ///
    /// When it would be larger than it may be.
    pub(crate) fn compose(&self) -> Result<Vec<u8>, PushError> {
        let mut builder = MessageBuilder::from_target(target::of(Vec::with_capacity(USUAL_BYTES))).expect("a vector takes a header");
        // The builder's limit is the first length that it refuses.
        let reserved = if self.edns.is_some() { OPT_BYTES } else { 0 };
        builder.set_push_limit(self.size_max - reserved + 1);
        *builder.header_mut() = self.header;

        let mut builder = builder.question();
        if let Some(question) = self.question {
            builder.push(question.as_wire())?;
        }
        let mut builder = builder.answer();
        self.answer.iter().try_for_each(|record| builder.push(record))?;
        let mut builder = builder.authority();
        self.authority.iter().try_for_each(|record| builder.push(record))?;
        let mut builder = builder.additional();
        let _what_fits = self.additional.iter().try_for_each(|record| builder.push(record));

        builder.clear_push_limit();
        if let Some(edns) = &self.edns {
            builder.opt(|opt| {
                opt.set_udp_payload_size(edns.size);
                opt.set_rcode(edns.rcode);
                opt.set_dnssec_ok(edns.dnssec_ok);
                Ok(())
            })?;
        }
        Ok(target::into_bytes(builder.finish()))
    }
}
