//! The records of an answer, in words for the page.

use core::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use domain::base::Message;
use domain::base::iana::Rtype;
use domain::rdata::AllRecordData;

/// `→ www.example.test, 192.0.2.1`. Of types that the page does not ask for, the name of the type. (Each that is written out is code of the
/// page, and there are eighty.)
pub(crate) fn records(message: &Message<Vec<u8>>) -> String {
    let mut text = String::new();
    let Ok(answer) = message.answer() else { return text };
    for record in answer.flatten() {
        if record.rtype() == Rtype::OPT {
            continue;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        // Writing to a string cannot fail.
        let _ = match record.to_any_record().map(|record| record.into_data()) {
            Ok(AllRecordData::A(a)) => write!(text, "{}", Ipv4Addr::from(a.addr().octets())),
            Ok(AllRecordData::Aaaa(aaaa)) => write!(text, "{}", Ipv6Addr::from(aaaa.addr().octets())),
            Ok(AllRecordData::Cname(cname)) => write!(text, "→ {}", cname.cname()),
            Ok(AllRecordData::Txt(txt)) => write!(text, "{} bytes of text", txt.len()),
            _ => write!(text, "{}", record.rtype()),
        };
    }
    text
}
