//! The error of the requests in these tests.

use hamadryad::Ended;
use std::fmt;

/// The error of the requests in these tests.
#[derive(Debug)]
pub enum Problem {
    /// An error of the body's own.
    Said(&'static str),
    /// The computation ended without a result of its own.
    Ended(Ended),
}

impl From<Ended> for Problem {
    fn from(ended: Ended) -> Problem {
        Problem::Ended(ended)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Said(text) => f.write_str(text),
            Problem::Ended(ended) => ended.fmt(f),
        }
    }
}
