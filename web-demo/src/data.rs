//! [`Data`]: the data of a record, as far as a forwarder has to understand it.

use domain::base::iana::Rtype;
use domain::base::name::{ParsedName, ToLabelIter, ToName};
use domain::base::rdata::{ComposeRecordData, ParseRecordData, RecordData};
use domain::base::wire::{Composer, ParseError};
use domain::dep::octseq::Parser;

/// The data of a record, taken apart where a name is in it.
///
/// Who hands a record on in another message has to write out the names in it that were compressed. They may be in the types that RFC 1035
/// defines, and a few others that came soon after (RFC 3597, section 4); the data of all other types, of those that nobody knows yet too,
/// is carried as it came. Of what is carried, only what is read a lot is looked at: an address has the right length, a text is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    rtype: Rtype,
    before: &'a [u8],
    names: [Option<ParsedName<&'a [u8]>>; 2],
    after: &'a [u8],
}

/// Where names are.
struct Layout {
    before_len: usize,
    names: usize,
    after_len: usize,
}

impl Layout {
    /// `None`: there are none, or none that may be compressed.
    fn of(rtype: Rtype) -> Option<Layout> {
        let (before_len, names, after_len) = match rtype {
            Rtype::CNAME => (0, 1, 0),
            // A page hands no record on, and shows no other name: the rest would be 0.2 KB of it, packed.
            _ if cfg!(target_family = "wasm") => return None,
            Rtype::NS | Rtype::PTR | Rtype::MD | Rtype::MF | Rtype::MB | Rtype::MG | Rtype::MR => (0, 1, 0),
            Rtype::SOA => (0, 2, 20),
            Rtype::MINFO | Rtype::RP => (0, 2, 0),
            Rtype::MX | Rtype::AFSDB | Rtype::RT => (2, 1, 0),
            Rtype::PX => (2, 2, 0),
            Rtype::SRV => (6, 1, 0),
            _ => return None,
        };
        Some(Layout { before_len, names, after_len })
    }

    /// Whether we may compress the names: those of RFC 1035 only (RFC 3597, section 4).
    fn is_compressible(rtype: Rtype) -> bool {
        Layout::of(rtype).is_some() && !matches!(rtype, Rtype::RP | Rtype::AFSDB | Rtype::RT | Rtype::PX | Rtype::SRV)
    }
}

impl<'a> Data<'a> {
    /// The type of the record.
    pub fn rtype(&self) -> Rtype {
        self.rtype
    }

    /// The first name in it: of a CNAME, the other name.
    pub fn name(&self) -> Option<ParsedName<&'a [u8]>> {
        self.names[0]
    }

    /// What stands before the first name: all of it, where there are none.
    pub fn bytes(&self) -> &'a [u8] {
        self.before
    }
}

impl RecordData for Data<'_> {
    fn rtype(&self) -> Rtype {
        self.rtype
    }
}

impl<'a> ParseRecordData<'a, [u8]> for Data<'a> {
    /// All types: `None` is never given.
    fn parse_rdata(rtype: Rtype, parser: &mut Parser<'a, [u8]>) -> Result<Option<Self>, ParseError> {
        let Some(Layout { before_len, names, after_len }) = Layout::of(rtype) else {
            let before = parser.parse_octets(parser.remaining())?;
            check(rtype, before)?;
            return Ok(Some(Data { rtype, before, names: [None, None], after: parser.parse_octets(0)? }));
        };
        let before = parser.parse_octets(before_len)?;
        let first = ParsedName::parse(parser)?;
        let second = if names > 1 { Some(ParsedName::parse(parser)?) } else { None };
        Ok(Some(Data { rtype, before, names: [Some(first), second], after: parser.parse_octets(after_len)? }))
    }
}

fn check(rtype: Rtype, bytes: &[u8]) -> Result<(), ParseError> {
    let is_well_formed = match rtype {
        Rtype::A => bytes.len() == 4,
        _ if cfg!(target_family = "wasm") => true,
        Rtype::AAAA => bytes.len() == 16,
        Rtype::TXT => is_text(bytes),
        _ => true,
    };
    if is_well_formed { Ok(()) } else { Err(ParseError::form_error("data of another form than its type has")) }
}

/// One or more character strings: each a length and as many bytes.
fn is_text(mut bytes: &[u8]) -> bool {
    let is_empty = bytes.is_empty();
    while let Some((len, rest)) = bytes.split_first() {
        match rest.get(usize::from(*len)..) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    !is_empty
}

impl ComposeRecordData for Data<'_> {
    fn rdlen(&self, compress: bool) -> Option<u16> {
        if compress && Layout::is_compressible(self.rtype) {
            return None;
        }
        let names: u16 = self.names.iter().flatten().map(|name| name.compose_len()).sum();
        let bytes = self.before.len() + self.after.len();
        u16::try_from(bytes).ok()?.checked_add(names)
    }

    fn compose_rdata<Target: Composer + ?Sized>(&self, target: &mut Target) -> Result<(), Target::AppendError> {
        target.append_slice(self.before)?;
        for name in self.names.iter().flatten() {
            if target.can_compress() && Layout::is_compressible(self.rtype) {
                target.append_compressed_name(name)?;
            } else {
                name.compose(target)?;
            }
        }
        target.append_slice(self.after)
    }

    fn compose_canonical_rdata<Target: Composer + ?Sized>(&self, target: &mut Target) -> Result<(), Target::AppendError> {
        target.append_slice(self.before)?;
        self.names.iter().flatten().try_for_each(|name| name.compose_canonical(target))?;
        target.append_slice(self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::Data;
    use core::str::FromStr;
    use domain::base::iana::{Class, Rtype};
    use domain::base::message_builder::{AnswerBuilder, StaticCompressor};
    use domain::base::rdata::{ComposeRecordData, UnknownRecordData};
    use domain::base::{Message, MessageBuilder, Name, ParsedName, Record, Ttl};
    use domain::rdata::{A, AllRecordData, Cname, Minfo, Mx, Ptr, Rp, Soa, Srv, Txt};

    type Builder = AnswerBuilder<StaticCompressor<Vec<u8>>>;

    fn name(text: &str) -> Name<Vec<u8>> {
        Name::from_str(text).expect("a legal name")
    }

    fn builder() -> Builder {
        MessageBuilder::from_target(StaticCompressor::new(Vec::new())).expect("a vector takes a header").answer()
    }

    fn push(builder: &mut Builder, data: impl ComposeRecordData) {
        builder.push(Record::new(name("owner.example.test"), Class::IN, Ttl::from_secs(60), data)).expect("a vector grows");
    }

    /// The answer section as the `domain` crate reads it, in words.
    fn in_words(message: &Message<Vec<u8>>) -> Vec<String> {
        let records = message.answer().expect("it was composed").limit_to::<AllRecordData<_, ParsedName<_>>>();
        records.map(|record| record.expect("it can be read").to_string()).collect()
    }

    /// What was compressed in one message means the same in another one, whose names lie elsewhere.
    #[test]
    fn a_record_means_the_same_in_another_message() {
        let mut from = builder();
        let server = || name("server.example.test");
        push(&mut from, A::from_octets(192, 0, 2, 1));
        push(&mut from, Cname::new(server()));
        push(&mut from, Ptr::new(server()));
        push(&mut from, Mx::new(10, server()));
        push(&mut from, Minfo::new(server(), name("mail.example.test")));
        push(&mut from, Rp::new(server(), name("text.example.test")));
        push(&mut from, Srv::new(1, 2, 3, server()));
        let times = || Ttl::from_secs(7);
        push(&mut from, Soa::new(server(), name("mail.example.test"), 1.into(), times(), times(), times(), times()));
        push(&mut from, Txt::<Vec<u8>>::build_from_slice(&[b'x'; 600]).expect("it is short enough"));
        push(&mut from, UnknownRecordData::from_octets(Rtype::from_int(65_280), vec![1, 2, 3]).expect("it is short enough"));
        let from = from.into_message();

        let mut to = builder();
        push(&mut to, Cname::new(name("something.else.entirely.test"))); // so that nothing lies where it lay
        for record in from.for_slice().answer().expect("it was composed") {
            let record = record.and_then(|record| record.into_record::<Data<'_>>());
            to.push(record.expect("it can be read").expect("all types can")).expect("a vector grows");
        }
        assert_eq!(in_words(&to.into_message())[1..], in_words(&from));
    }

    #[test]
    fn data_of_another_form_is_refused() {
        for (rtype, bytes) in [
            (Rtype::A, &b"12345"[..]),
            (Rtype::AAAA, b"1234"),
            (Rtype::TXT, b""),
            (Rtype::TXT, b"\x05abc"),
            (Rtype::CNAME, b"\x03abc"),
            (Rtype::CNAME, b"\x03abc\x00and more"),
            (Rtype::MX, b"\x00"),
            (Rtype::SOA, b"\x00\x00too short"),
        ] {
            let mut message = builder();
            push(&mut message, UnknownRecordData::from_octets(rtype, bytes).expect("it is short enough"));
            let message = message.into_message();
            let mut records = message.for_slice().answer().expect("it was composed");
            let record = records.next().expect("there is one").expect("its head can be read");
            assert!(record.into_record::<Data<'_>>().is_err(), "{rtype} {bytes:?}");
        }
    }
}
