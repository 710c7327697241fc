//! The records of an answer, in words for the page.

use alloc::string::String;

use domain::base::iana::Rtype;
use hamadryad_demo::{Answer, Mnemonic, Text, add_name};
use hamadryad_wasm::add_decimal;

/// `→ www.example.test, 192.0.2.1`; of types that the page does not ask for, the name of the type.
pub(crate) fn records(answer: &Answer) -> String {
    let mut text = String::new();
    for data in answer.records() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        match (data.rtype(), data.name()) {
            (Rtype::A, _) => add_address(data.bytes(), &mut text),
            (Rtype::CNAME, Some(name)) => {
                text.push_str("→ ");
                add_name(&name, &mut text);
            }
            (rtype, _) => Mnemonic(rtype).add_to(&mut text),
        }
    }
    text
}

/// An IPv4 address: four bytes, which was seen to when the answer came.
fn add_address(octets: &[u8], text: &mut String) {
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            text.push('.');
        }
        add_decimal((*octet).into(), text);
    }
}
