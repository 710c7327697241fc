//! [`Question`]: what is asked, and nothing of who asks.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use domain::base::iana::{Class, Rtype};
use domain::base::name::{FromStrError, ParsedName};
use domain::base::{self, Name, ToName};

use crate::Mnemonic;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    pub(crate) fn from_message(question: &base::Question<ParsedName<&[u8]>>) -> Question {
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

    /// As the `domain` crate composes it.
    pub(crate) fn as_wire(&self) -> &base::Question<Name<Vec<u8>>> {
        &self.0
    }

    /// Whether a message's question is this one, but for its case.
    pub(crate) fn is(&self, question: &base::Question<ParsedName<&[u8]>>) -> bool {
        self.0 == *question
    }
}

/// By name, as a zone is sorted (RFC 4034, section 6.1), then by type and class.
impl Ord for Question {
    fn cmp(&self, other: &Question) -> Ordering {
        let rest = |question: &Question| (question.rtype().to_int(), question.class().to_int());
        self.name().cmp(other.name()).then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl PartialOrd for Question {
    fn partial_cmp(&self, other: &Question) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `www.example.test A`; the class is shown when it is not IN. Bytes that are no printable ASCII are escaped as in a zone file, so a hostile
/// name cannot move the cursor of a terminal.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), Mnemonic(self.rtype()))?;
        if self.class() != Class::IN { write!(f, " (class {})", Mnemonic(self.class())) } else { Ok(()) }
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
