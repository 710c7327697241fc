//! [`Attempt`]: one upstream asked once, and what came of it.

use alloc::rc::Rc;
use core::fmt;
use core::time::Duration;

use domain::base::iana::OptRcode;
use hamadryad::{ChannelError, Ended};

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

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AskError::Declined(rcode) => write!(f, "answered {rcode}"),
            AskError::Garbled => f.write_str("sent a garbled answer"),
            AskError::Channel(error) => write!(f, "cannot be reached: {error}"),
            AskError::Ended(Ended::TimedOut { .. }) => f.write_str("did not answer in time"),
            AskError::Ended(ended) => ended.fmt(f),
        }
    }
}

impl core::error::Error for AskError {}

/// `upstream-1 (dead) did not answer within 400 ms` · `upstream-3 answered REFUSED after 5 ms` · `upstream-2 answered after 41 ms`.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (upstream, ms) = (&self.upstream, self.took.as_millis());
        match &self.result {
            Ok(_) => write!(f, "{upstream} answered after {ms} ms"),
            Err(AskError::Ended(Ended::TimedOut { .. })) => write!(f, "{upstream} did not answer within {ms} ms"),
            Err(error @ (AskError::Declined(_) | AskError::Garbled)) => write!(f, "{upstream} {error} after {ms} ms"),
            Err(error) => write!(f, "{upstream} {error}"),
        }
    }
}

/// A list of attempts in words.
pub(crate) struct Attempts<'a>(pub(crate) &'a [Attempt]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(n, attempt)| write!(f, "{}{attempt}", if n == 0 { "" } else { ", " }))
    }
}
