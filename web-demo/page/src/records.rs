//! The records of an answer, in words for the page.

use alloc::string::String;
use core::fmt::Write;
use core::net::Ipv4Addr;

use domain::base::iana::Rtype;
use hamadryad_demo::{Answer, Mnemonic};

/// `→ www.example.test, 192.0.2.1`; of types that the page does not ask for, the name of the type.
pub(crate) fn records(answer: &Answer) -> String {
    let mut text = String::new();
    for data in answer.records() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        // Writing to a string cannot fail.
        let _ = match (data.rtype(), data.name(), <[u8; 4]>::try_from(data.bytes())) {
            (Rtype::A, _, Ok(octets)) => write!(text, "{}", Ipv4Addr::from(octets)),
            (Rtype::CNAME, Some(name), _) => write!(text, "→ {name}"),
            (rtype, ..) => write!(text, "{}", Mnemonic(rtype)),
        };
    }
    text
}
