//! [`SignalError`]: why a signal cannot be handled.

use crate::host::OwnerError;
use std::error::Error;
use std::{fmt, io};

/// Why [`on_signal`](crate::NodeExt::on_signal) made no handler.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignalError {
    /// `SIGKILL` and `SIGSTOP`, which no process can catch; `SIGSEGV`, `SIGBUS`, `SIGFPE` and `SIGILL`, after which the code that caused
    /// them cannot go on; and what the C library keeps to itself.
    Forbidden,
    /// The owner is freed, or about to end.
    Freed,
    /// The owner's tree has another host than [`EpollHost`](crate::EpollHost).
    WrongHost,
    /// The kernel refused: `EINVAL`, it is not a signal; `ENOSPC`, 256 trees of this process have handlers already.
    Os(io::Error),
}

impl From<OwnerError> for SignalError {
    fn from(error: OwnerError) -> SignalError {
        match error {
            OwnerError::Freed => SignalError::Freed,
            OwnerError::WrongHost => SignalError::WrongHost,
        }
    }
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignalError::Forbidden => f.write_str("this signal cannot be handled by a program"),
            SignalError::Freed => OwnerError::Freed.fmt(f),
            SignalError::WrongHost => OwnerError::WrongHost.fmt(f),
            SignalError::Os(error) => write!(f, "the signal cannot be caught: {error}"),
        }
    }
}

impl Error for SignalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SignalError::Os(error) => Some(error),
            _ => None,
        }
    }
}
