//! [`Question`]: what is asked, and nothing of who asks.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use domain::base::iana::{Class, Rtype};
use domain::base::name::{FromStrError, ParsedName};
use domain::base::{self, Name, ToName};

use crate::{Mnemonic, Text};

/// What is asked: a name, a type and a class.
///
/// Equal without regard to upper and lower case (RFC 1035, section 2.3.3), which is what makes it a key for questions that are asked
/// twice. The case is kept all the same, since a client may expect to see its own spelling again.
///
/// ```
/// use hamadryad_demo::Question;
/// let question = Question::address_of("www.Example.test")?;
/// assert_eq!(question.to_string(), "www.Example.test A");
/// assert_eq!(question, Question::address_of("WWW.example.test")?);
/// # Ok::<_, hamadryad_demo::NotAName>(())
/// ```
#[derive(Clone, Debug)]
pub struct Question(base::Question<Name<Vec<u8>>>);

impl Question {
    /// A question for the IPv4 addresses (type A, class IN) of a name written with dots.
    ///
    /// # Errors
    ///
    /// [`NotAName`] when no name can be spelled that way: a label over 63 bytes, a name over 255, an empty label.
    pub fn address_of(name: &str) -> Result<Question, NotAName> {
        Question::new(name, Rtype::A)
    }

    /// A question in class IN.
    ///
    /// # Errors
    ///
    /// [`NotAName`], as [`Question::address_of`].
    pub fn new(name: &str, rtype: Rtype) -> Result<Question, NotAName> {
        Ok(Question(base::Question::new_in(Name::vec_from_str(name).map_err(NotAName)?, rtype)))
    }

    /// The question of a message, its name copied out of it.
    pub fn from_message(question: &base::Question<ParsedName<&[u8]>>) -> Question {
        Question(base::Question::new(question.qname().to_vec(), question.qtype(), question.qclass()))
    }

    /// The name, as it was spelled.
    pub fn name(&self) -> &Name<Vec<u8>> {
        self.0.qname()
    }

    /// The type of the records asked for.
    pub fn rtype(&self) -> Rtype {
        self.0.qtype()
    }

    /// The class; [`Class::IN`] in nearly all questions.
    pub fn class(&self) -> Class {
        self.0.qclass()
    }

    fn lower_case(&self) -> impl Iterator<Item = u8> {
        self.name().as_slice().iter().map(u8::to_ascii_lowercase)
    }

    /// As the `domain` crate composes it.
    pub(crate) fn as_wire(&self) -> &base::Question<Name<Vec<u8>>> {
        &self.0
    }

    /// Whether a message's question is this one, but for its case.
    pub(crate) fn is(&self, question: &base::Question<ParsedName<&[u8]>>) -> bool {
        *self == Question::from_message(question)
    }
}

/// By the bytes of the name in lower case, among which the lengths of labels are no letters; then by type and class. An order to find one
/// by, and no zone's.
impl Ord for Question {
    fn cmp(&self, other: &Question) -> Ordering {
        let rest = |question: &Question| (question.rtype().to_int(), question.class().to_int());
        self.lower_case().cmp(other.lower_case()).then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialEq for Question {
    fn eq(&self, other: &Question) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Question {}

impl PartialOrd for Question {
    fn partial_cmp(&self, other: &Question) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `www.example.test A`; the class is shown when it is not IN. Bytes that are no printable ASCII are escaped as in a zone file, so a hostile
/// name cannot move the cursor of a terminal.
impl Text for Question {
    fn add_to(&self, text: &mut String) {
        add_name(self.name(), text);
        text.push(' ');
        Mnemonic(self.rtype()).add_to(text);
        if self.class() != Class::IN {
            text.push_str(" (class ");
            Mnemonic(self.class()).add_to(text);
            text.push(')');
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Adds a name with dots between its labels, as the `domain` crate shows it, which formats every byte by itself.
pub fn add_name(name: &impl ToName, text: &mut String) {
    for (at, label) in name.iter_labels().enumerate() {
        // Between labels, and for the root by itself, but not before the root of another name.
        if label.is_root() == (at == 0) {
            text.push('.');
        }
        label.iter().for_each(|byte| add_byte(byte, text));
    }
}

fn add_byte(byte: u8, text: &mut String) {
    let digit = |unit: u8| char::from(b'0' + byte / unit % 10);
    match byte {
        b'!'..=b'~' => {
            if matches!(byte, b'.' | b'\\') {
                text.push('\\');
            }
            text.push(char::from(byte));
        }
        b' ' => text.push_str("\\ "),
        _ => text.extend(['\\', digit(100), digit(10), digit(1)]),
    }
}

/// A text that spells no domain name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAName(FromStrError);

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a domain name: {}", self.0)
    }
}

impl core::error::Error for NotAName {}

#[cfg(test)]
mod tests {
    use super::Question;
    use domain::base::iana::Rtype;

    #[test]
    fn a_name_is_shown_as_the_library_shows_it() {
        let mut names = vec![String::from("."), String::from("test"), String::from("www.example.test.")];
        names.extend((0..=255).map(|byte: u8| format!("a\\{byte:03}b.c\\{byte:03}")));
        for name in names {
            let question = Question::new(&name, Rtype::A).expect("it is a legal name");
            assert_eq!(question.to_string(), format!("{} A", question.name()));
        }
    }
}
