//! [`OwnerError`].

use core::error::Error;
use core::fmt;

/// Why nothing of the browser could be made under a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OwnerError {
    /// The node is freed, or about to end.
    Freed,
    /// Its tree has another host than [`BrowserHost`](crate::BrowserHost).
    WrongHost,
}

impl fmt::Display for OwnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OwnerError::Freed => "the owner is freed",
            OwnerError::WrongHost => "the owner's tree has no browser: it was not made by hamadryad_wasm",
        })
    }
}

impl Error for OwnerError {}
