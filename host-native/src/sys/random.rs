//! Random bytes: `getrandom(2)`, or `/dev/urandom` where a filter refuses the call.
#![expect(unsafe_code, reason = "getrandom(2)")]

use std::fs::File;
use std::io::{self, Read};

/// Where random bytes come from; found out once, so that asking cannot fail later.
#[derive(Debug)]
pub(crate) enum Random {
    Call,
    Device(File),
}

impl Random {
    /// The first source that works.
    ///
    /// # Errors
    /// When neither does.
    pub(crate) fn open() -> io::Result<Random> {
        match call(&mut [0; 1]) {
            Ok(()) => Ok(Random::Call),
            Err(_) => File::open("/dev/urandom").map(Random::Device),
        }
    }

    /// Fills `buffer`; waits only early in the start of a machine, before the kernel has gathered enough (getrandom(2)).
    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        let filled = match self {
            Random::Call => call(buffer),
            Random::Device(device) => (&mut &*device).read_exact(buffer),
        };
        filled.expect("a random source that worked once has no error left but EINTR (getrandom(2), random(4))");
    }
}

fn call(mut buffer: &mut [u8]) -> io::Result<()> {
    while !buffer.is_empty() {
        // SAFETY: the pointer and length are those of a live, writable slice.
        let filled = unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        match usize::try_from(filled) {
            Ok(filled) => buffer = &mut buffer[filled..],
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}
