//! [`Attempt`]: one upstream asked once, and what came of it.

use alloc::rc::Rc;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use domain::base::iana::OptRcode;
use hamadryad::{ChannelError, Ended, add_decimal};

use crate::text::add_all;
use crate::{Mnemonic, Text};

/// One upstream, asked once.
#[derive(Debug)]
pub struct Attempt {
    /// Whom we asked.
    pub upstream: Rc<str>,
    /// From the first step to this result.
    pub took: Duration,
    /// The code it answered with, or why that was no answer.
    pub result: Result<OptRcode, AskError>,
}

/// Why one upstream gave no answer that we can use.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// It answered, and the code speaks of its own trouble: REFUSED, SERVFAIL, FORMERR and the like.
    Declined(OptRcode),
    /// It answered with something that is no DNS message.
    Garbled,
    /// The messages could not be carried.
    Channel(ChannelError),
    /// The attempt was ended: by its time-out, as a rule.
    Ended(Ended),
}

impl From<Ended> for AskError {
    fn from(ended: Ended) -> AskError {
        AskError::Ended(ended)
    }
}

impl From<ChannelError> for AskError {
    fn from(error: ChannelError) -> AskError {
        match error {
            ChannelError::Ended(ended) => AskError::Ended(ended),
            error => AskError::Channel(error),
        }
    }
}

impl Text for AskError {
    fn add_to(&self, text: &mut String) {
        match self {
            AskError::Declined(rcode) => {
                text.push_str("answered ");
                Mnemonic(*rcode).add_to(text);
            }
            AskError::Garbled => text.push_str("sent a garbled answer"),
            AskError::Channel(error) => add_all(&["cannot be reached: ", &error.text()], text),
            AskError::Ended(Ended::TimedOut { .. }) => text.push_str("did not answer in time"),
            AskError::Ended(ended) => text.push_str(&ended.text()),
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for AskError {}

/// `upstream-1 (dead) did not answer within 400 ms` · `upstream-3 answered REFUSED after 5 ms` · `upstream-2 answered after 41 ms`.
impl Text for Attempt {
    fn add_to(&self, text: &mut String) {
        add_all(&[&self.upstream, " "], text);
        let within = match &self.result {
            Ok(_) => "answered after ",
            Err(AskError::Ended(Ended::TimedOut { .. })) => "did not answer within ",
            Err(error) => {
                error.add_to(text);
                match error {
                    AskError::Declined(_) | AskError::Garbled => " after ",
                    _ => return,
                }
            }
        };
        text.push_str(within);
        // `as_millis` is 128 bits wide, which is 2 KB of a page.
        add_decimal(self.took.as_secs() * 1000 + u64::from(self.took.subsec_millis()), text);
        text.push_str(" ms");
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// Adds a list of attempts in words.
pub(crate) fn add_attempts(attempts: &[Attempt], text: &mut String) {
    let mut between = "";
    for attempt in attempts {
        text.push_str(between);
        between = ", ";
        attempt.add_to(text);
    }
}
