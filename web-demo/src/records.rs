//! [`Records`]: all that stands behind a message's question, read in one walk.

use alloc::vec::Vec;

use domain::base::iana::{OptRcode, Rtype};
use domain::base::name::ParsedName;
use domain::base::opt::{Opt, OptRecord};
use domain::base::wire::ParseError;
use domain::base::{Header, Message, Record};

use crate::Data;

/// A record with its data.
pub(crate) type ReadRecord<'a> = Record<ParsedName<&'a [u8]>, Data<'a>>;

/// The records of a message, in order.
#[derive(Default)]
pub(crate) struct Records<'a> {
    /// Those of answer, authority and additional section, but for OPT and TSIG, which speak of the hop they came over (RFC 6891, section
    /// 6.1.1; RFC 8945, section 5.3).
    pub(crate) sections: [Vec<ReadRecord<'a>>; 3],
    /// What the first OPT record of the additional section says.
    pub(crate) edns: Option<Edns>,
    /// How many OPT records there are, and whether each is at the root.
    pub(crate) opts: usize,
    pub(crate) are_opts_at_root: bool,
    /// Where the last record ends.
    pub(crate) end: usize,
}

/// What an OPT record says.
#[derive(Clone, Copy)]
pub(crate) struct Edns {
    /// How much the other side takes.
    pub(crate) size: u16,
    pub(crate) version: u8,
    pub(crate) dnssec_ok: bool,
    pub(crate) rcode: OptRcode,
}

impl<'a> Records<'a> {
    /// # Errors
    ///
    /// When one of them cannot be read.
    pub(crate) fn read(message: &'a Message<[u8]>) -> Result<Records<'a>, ParseError> {
        let mut records = Records { are_opts_at_root: true, ..Records::default() };
        let mut next = Some(message.answer()?);
        let mut at = 0;
        while let Some(mut section) = next {
            for record in &mut section {
                let record = record?;
                match record.rtype() {
                    Rtype::OPT if at == 2 => {
                        records.are_opts_at_root &= record.owner().is_root();
                        if let Some(record) = record.into_record::<Opt<_>>()? {
                            records.take_opt(OptRecord::from_record(record), message.header());
                        }
                    }
                    Rtype::OPT | Rtype::TSIG => {}
                    _ => records.sections[at].extend(record.into_record()?),
                }
            }
            records.end = section.pos();
            next = section.next_section()?;
            at += 1;
        }
        Ok(records)
    }

    fn take_opt(&mut self, opt: OptRecord<&[u8]>, header: Header) {
        self.opts += 1;
        let edns = || Edns { size: opt.udp_payload_size(), version: opt.version(), dnssec_ok: opt.dnssec_ok(), rcode: opt.rcode(header) };
        self.edns.get_or_insert_with(edns);
    }
}
