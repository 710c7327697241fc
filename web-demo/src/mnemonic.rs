//! [`Mnemonic`]: what types, classes and codes are called.

#[cfg(not(target_family = "wasm"))]
use core::fmt::{Display, Write};

use alloc::string::String;
#[cfg(target_family = "wasm")]
use domain::base::iana::{Class, OptRcode, Rtype};
#[cfg(target_family = "wasm")]
use hamadryad::add_decimal;

use crate::Text;

/// A type, a class or a code by its mnemonic, or as RFC 3597, section 5, writes the unknown: `TYPE64`, `CLASS3`.
///
/// A page knows the mnemonics of the few types and codes that one meets: those of all would be kilobytes of it.
#[derive(Clone, Copy, Debug)]
pub struct Mnemonic<T>(
    /// What is shown.
    pub T,
);

#[cfg(not(target_family = "wasm"))]
impl<T: Display> Text for Mnemonic<T> {
    fn add_to(&self, text: &mut String) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", self.0);
    }
}

#[cfg(target_family = "wasm")]
impl Text for Mnemonic<Rtype> {
    fn add_to(&self, text: &mut String) {
        let name = match self.0 {
            Rtype::A => "A",
            Rtype::NS => "NS",
            Rtype::CNAME => "CNAME",
            Rtype::SOA => "SOA",
            Rtype::PTR => "PTR",
            Rtype::MX => "MX",
            Rtype::TXT => "TXT",
            Rtype::AAAA => "AAAA",
            Rtype::SRV => "SRV",
            Rtype::HTTPS => "HTTPS",
            other => return add_number("TYPE", other.to_int(), text),
        };
        text.push_str(name);
    }
}

#[cfg(target_family = "wasm")]
impl Text for Mnemonic<Class> {
    fn add_to(&self, text: &mut String) {
        add_number("CLASS", self.0.to_int(), text);
    }
}

#[cfg(target_family = "wasm")]
impl Text for Mnemonic<OptRcode> {
    fn add_to(&self, text: &mut String) {
        const NAMES: [&str; 6] = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
        let number = self.0.to_int();
        match NAMES.get(usize::from(number)) {
            Some(name) => text.push_str(name),
            None => add_number("", number, text),
        }
    }
}

#[cfg(target_family = "wasm")]
fn add_number(before: &str, number: u16, text: &mut String) {
    text.push_str(before);
    add_decimal(number.into(), text);
}
