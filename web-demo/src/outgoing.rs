//! [`Outgoing`]: a message that is put together, a query as well as a reply.

use alloc::vec::Vec;
use domain::base::Header;
use domain::base::header::HeaderSection;
use domain::base::iana::OptRcode;
use domain::base::question::ComposeQuestion;
use domain::base::record::ComposeRecord;
use domain::dep::octseq::{OctetsBuilder, Truncate};

use crate::Question;

/// The bytes of an OPT record of ours: root, type, size, extended code and flags, no options.
const OPT_BYTES: usize = 11;

/// The bytes before the question: header and counts.
const HEAD_BYTES: usize = 12;

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

/// A page's messages go no further than to this machine: names stay as they are, and what compresses them is not in the page.
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
    /// Answer, authority, additional section. Of the last, as many as fit: the others are left out.
    pub(crate) sections: [&'a [R]; 3],
    /// Of a message with EDNS.
    pub(crate) edns: Option<OutgoingEdns>,
    /// The most bytes that it may have; header, question and OPT fit into them.
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
    /// The message; `None` when it would be larger than it may be.
    pub(crate) fn compose(&self) -> Option<Vec<u8>> {
        let mut message = target::of(Vec::with_capacity(USUAL_BYTES));
        let mut head = HeaderSection::new();
        *head.header_mut() = self.header;
        let Ok(()) = message.append_slice(head.as_slice()); // for its place: the counts are not known yet
        if let Some(question) = self.question {
            let Ok(()) = question.as_wire().compose_question(&mut message);
            head.counts_mut().set_qdcount(1);
        }
        let mut counts = [0; 3];
        let reserved = if self.edns.is_some() { OPT_BYTES } else { 0 };
        for (section, records) in self.sections.into_iter().enumerate() {
            for record in records {
                let before = len_of(&message);
                let Ok(()) = record.compose_record(&mut message);
                if len_of(&message) > self.size_max - reserved {
                    Truncate::truncate(&mut message, before);
                    if section < 2 {
                        return None;
                    }
                    break;
                }
                counts[section] += 1;
            }
        }
        if let Some(edns) = &self.edns {
            let Ok(()) = message.append_slice(&edns.as_bytes());
            counts[2] += 1;
        }
        let [answer, authority, additional] = counts;
        head.counts_mut().set_ancount(answer);
        head.counts_mut().set_nscount(authority);
        head.counts_mut().set_arcount(additional);
        let mut message = target::into_bytes(message);
        message[..HEAD_BYTES].copy_from_slice(head.as_slice());
        Some(message)
    }
}

fn len_of(message: &impl AsRef<[u8]>) -> usize {
    message.as_ref().len()
}

impl OutgoingEdns {
    /// The whole record (RFC 6891, section 6.1.2): of the root; size, code and flags in place of class and time to live; no options.
    fn as_bytes(&self) -> [u8; OPT_BYTES] {
        let ([high, low], flags) = (self.size.to_be_bytes(), if self.dnssec_ok { 0x80 } else { 0 });
        [0, 0, 41, high, low, self.rcode.ext(), 0, flags, 0, 0, 0]
    }
}
