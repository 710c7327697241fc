//! [`Mnemonic`]: what types and classes are called.

use core::fmt;

#[cfg(target_family = "wasm")]
use domain::base::iana::{Class, Rtype};

/// Shows a type or a class by its mnemonic, or as RFC 3597, section 5, writes the unknown: `TYPE64`, `CLASS3`.
///
/// A page knows the mnemonics of the few types that one meets: those of all would be kilobytes of it.
#[derive(Clone, Copy, Debug)]
pub struct Mnemonic<T>(
    /// What is shown.
    pub T,
);

#[cfg(not(target_family = "wasm"))]
impl<T: fmt::Display> fmt::Display for Mnemonic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(target_family = "wasm")]
impl fmt::Display for Mnemonic<Rtype> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
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
            other => return write!(f, "TYPE{}", other.to_int()),
        })
    }
}

#[cfg(target_family = "wasm")]
impl fmt::Display for Mnemonic<Class> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CLASS{}", self.0.to_int())
    }
}
