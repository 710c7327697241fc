use core::fmt;

use super::Address;

/// Why nothing was bound to an address of the simulated network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenError {
    /// Another has it, of the same kind: a datagram socket and a listener may share an address.
    InUse {
        /// The address that was asked for.
        address: Address,
    },
    /// The owner is stale or ending.
    Freed,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListenError::InUse { address } => write!(f, "{address} is in use"),
            ListenError::Freed => f.write_str("the owner was freed"),
        }
    }
}

impl core::error::Error for ListenError {}
