//! [`Records`]: all that stands behind a message's question, read in one walk.

use alloc::vec::Vec;

use domain::base::iana::{OptRcode, Rcode, Rtype};
use domain::base::name::ParsedName;
use domain::base::opt::Opt;
use domain::base::record::RecordHeader;
use domain::base::wire::ParseError;
use domain::base::{Message, Record};
use domain::dep::octseq::Parser;

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
        let mut parser = Parser::from_ref(message.as_octets());
        parser.advance(message.answer()?.pos())?;
        let counts = message.header_counts();
        for (section, count) in [counts.ancount(), counts.nscount(), counts.arcount()].into_iter().enumerate() {
            for _ in 0..count {
                let header = RecordHeader::<ParsedName<&[u8]>>::parse_ref(&mut parser)?;
                if let Some(record) = header.parse_into_record(&mut parser)? {
                    records.take_in(record, section, message.header().rcode())?;
                }
            }
        }
        records.end = parser.pos();
        Ok(records)
    }

    fn take_in(&mut self, record: ReadRecord<'a>, section: usize, rcode: Rcode) -> Result<(), ParseError> {
        match record.rtype() {
            Rtype::OPT if section == 2 => {
                Opt::from_octets(record.data().bytes())?;
                self.opts += 1;
                self.are_opts_at_root &= record.owner().is_root();
                if self.edns.is_none() {
                    self.edns = Some(Edns::of(&record, rcode));
                }
            }
            Rtype::OPT | Rtype::TSIG => {}
            _ => self.sections[section].push(record),
        }
        Ok(())
    }
}

impl Edns {
    /// An OPT record has them where others have class and time to live (RFC 6891, section 6.1.3).
    fn of(record: &ReadRecord<'_>, rcode: Rcode) -> Edns {
        let [extended, version, flags, _] = record.ttl().as_secs().to_be_bytes();
        Edns { size: record.class().to_int(), version, dnssec_ok: flags & 0x80 != 0, rcode: OptRcode::from_parts(rcode, extended) }
    }
}

#[cfg(test)]
mod tests {
    use super::Records;
    use domain::base::iana::{Class, OptRcode, Rtype};
    use domain::base::rdata::UnknownRecordData;
    use domain::base::{Message, MessageBuilder, Name, Record, Ttl};

    /// An OPT record that says 1232 bytes, version 0, DO, and the upper bits of BADVERS.
    fn opt(owner: &str) -> Record<Name<Vec<u8>>, UnknownRecordData<[u8; 0]>> {
        let data = UnknownRecordData::from_octets(Rtype::OPT, []).expect("it is short enough");
        Record::new(Name::vec_from_str(owner).expect("a legal name"), Class::from_int(1232), Ttl::from_secs(0x0100_8000), data)
    }

    #[test]
    fn opt_records_are_those_of_the_additional_section() {
        let mut builder = MessageBuilder::new_vec().answer();
        builder.push(opt(".")).expect("a vector grows");
        let mut builder = builder.additional();
        let read = |message: &Message<[u8]>| {
            let records = Records::read(message).expect("all can be read");
            assert_eq!((records.end, records.sections.iter().all(Vec::is_empty)), (message.as_slice().len(), true));
            let edns = records.edns.map(|edns| (edns.size, edns.version, edns.dnssec_ok, edns.rcode));
            (edns, records.opts, records.are_opts_at_root)
        };
        assert_eq!(read(builder.as_message().for_slice()), (None, 0, true));
        let said = Some((1232, 0, true, OptRcode::BADVERS));
        builder.push(opt(".")).expect("a vector grows");
        assert_eq!(read(builder.as_message().for_slice()), (said, 1, true));
        builder.push(opt("elsewhere")).expect("a vector grows");
        assert_eq!(read(builder.as_message().for_slice()), (said, 2, false));
    }
}
