//! [`RunError`]: how a program ends that does not end well.

use hamadryad::Failure;
use std::error::Error;
use std::{fmt, io};

/// Why [`run`](crate::run()) did not end well. Made for `main() -> Result<(), RunError>`: its `Debug` is a message for people.
///
/// ```
/// use hamadryad_native::RunError;
/// let error = RunError::Setup("the port is taken".into());
/// assert_eq!(format!("{error:?}"), "the port is taken");
/// ```
pub enum RunError {
    /// The operating system refused what the loop itself needs.
    Host(io::Error),
    /// What the setup returned; its tree was freed.
    Setup(Box<dyn Error>),
    /// A request failed, and nobody contained it: it shut the tree down (law 17).
    Failed(Failure),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Host(error) => write!(f, "the event loop failed: {error}"),
            RunError::Setup(error) => error.fmt(f),
            RunError::Failed(failure) => failure.fmt(f),
        }
    }
}

impl fmt::Debug for RunError {
    /// The message, and what caused it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  because: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // Their own text is in ours already.
            RunError::Host(error) => error.source(),
            RunError::Setup(error) => error.source(),
            RunError::Failed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_a_message() {
        let refused = || io::Error::from_raw_os_error(libc::ECONNREFUSED);
        assert_eq!(format!("{:?}", RunError::Host(refused())), "the event loop failed: Connection refused (os error 111)");
        assert_eq!(format!("{:?}", RunError::Setup(Box::new(refused()))), "Connection refused (os error 111)");
    }

    #[test]
    fn tells_the_causes() {
        let setup = RunError::Setup(Box::new(crate::SignalError::Os(io::Error::from_raw_os_error(libc::EINVAL))));
        let message = format!("{setup:?}");
        assert!(message.contains("\n  because: Invalid argument"), "{message}");
    }
}
