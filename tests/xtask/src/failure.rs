//! Why xtask stops, and what to do about it.

use std::fmt;

/// What went wrong, with the cure.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    cure: Option<String>,
}

impl Failure {
    /// A failure that has no cure yet.
    #[must_use]
    pub(crate) fn new(what: impl Into<String>) -> Failure {
        Failure { what: what.into(), cure: None }
    }

    /// What went wrong, without the cure.
    #[must_use]
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Names what the user can do.
    #[must_use]
    pub(crate) fn cure(self, cure: impl Into<String>) -> Failure {
        Failure { cure: Some(cure.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.cure {
            Some(cure) => write!(f, "\n  cure: {cure}"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Failure {}
