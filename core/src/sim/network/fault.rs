use crate::ChannelError;

/// What the network tells a sender about an address that does not take its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The host is there, and nobody listens.
    Refused,
    /// There is no way to the host.
    Unreachable,
}

impl From<Fault> for ChannelError {
    fn from(fault: Fault) -> ChannelError {
        match fault {
            Fault::Refused => ChannelError::Refused,
            Fault::Unreachable => ChannelError::Unreachable,
        }
    }
}
