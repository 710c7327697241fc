//! libevent's bench scheme: a ring of pipes, in which one byte goes round.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::pipe::{PipeFlags, pipe_with};

/// The ring: who reads the byte writes it to the next pipe.
#[derive(Debug)]
pub struct HopRing {
    read_ends: RefCell<Vec<OwnedFd>>,
    write_ends: Vec<OwnedFd>,
    writes_left: Cell<u64>,
    written: Cell<u64>,
    bytes_read: Cell<u64>,
    callbacks: Cell<u64>,
}

impl HopRing {
    /// Makes `n` pipes.
    ///
    /// # Errors
    ///
    /// When the system has no more of them.
    pub fn new(n: usize) -> io::Result<Self> {
        let (mut read_ends, mut write_ends) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for _ in 0..n {
            let (read_end, write_end) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
            read_ends.push(read_end);
            write_ends.push(write_end);
        }
        let zero = || Cell::new(0);
        Ok(Self {
            read_ends: RefCell::new(read_ends),
            write_ends,
            writes_left: zero(),
            written: zero(),
            bytes_read: zero(),
            callbacks: zero(),
        })
    }

    /// The ends to watch, once: their place in the list is their index.
    #[must_use]
    pub fn take_read_ends(&self) -> Vec<OwnedFd> {
        self.read_ends.take()
    }

    /// Counts from nothing, and writes the first byte; it will have been read `hops` times when the ring is done.
    pub fn begin(&self, hops: u64) {
        self.callbacks.set(0);
        self.bytes_read.set(0);
        self.written.set(0);
        self.writes_left.set(hops - 1);
        self.write(0);
    }

    /// Whether the last byte was read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.writes_left.get() == 0 && self.bytes_read.get() == self.written.get()
    }

    /// Callbacks and bytes read since the beginning: twice the hops, when all went well.
    #[must_use]
    pub fn got(&self) -> u64 {
        self.callbacks.get() + self.bytes_read.get()
    }

    /// What every contestant's callback does: one read, one write. Returns the count of bytes read, 0 when there were none.
    pub fn on_readable(&self, read_end: impl AsFd, index: usize) -> usize {
        let mut bytes = [0; 64];
        let len = rustix::io::read(read_end, &mut bytes).unwrap_or(0);
        self.callbacks.set(self.callbacks.get() + 1);
        self.bytes_read.set(self.bytes_read.get() + len as u64);
        if len > 0 && self.writes_left.get() > 0 {
            self.writes_left.set(self.writes_left.get() - 1);
            self.write(if index + 1 == self.write_ends.len() { 0 } else { index + 1 });
        }
        len
    }

    fn write(&self, index: usize) {
        let len = rustix::io::write(&self.write_ends[index], b"e").expect("the pipe is empty, so there is room for a byte");
        self.written.set(self.written.get() + len as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_goes_round_and_stops() {
        let ring = HopRing::new(2).unwrap();
        let read_ends = ring.take_read_ends();
        ring.begin(3);
        for index in [0, 1, 0] {
            assert!(!ring.is_done());
            assert_eq!(ring.on_readable(&read_ends[index], index), 1);
        }
        assert!(ring.is_done());
        assert_eq!(ring.got(), 6);
        assert_eq!(ring.on_readable(&read_ends[1], 1), 0, "nobody wrote again");
        assert_eq!(ring.got(), 7, "and a callback too many is counted");
    }
}
