//! [`Watches`]: the file descriptors that an epoll instance knows, and what it is asked to tell of each.

use crate::sys::epoll::Epoll;
use hamadryad::{Ready, Token};
use std::io;
use std::os::fd::RawFd;

/// The place of a watched descriptor in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatchKey(u32);

/// A table of all descriptors that are watched for nodes.
///
/// Level-triggered, so the kernel tells of everything that is armed again and again: what nobody wants has to be disarmed, and that is done
/// when it is told for the first time, since most of what nobody wants now is wanted again before it happens.
///
/// ```text
///            arm: more is wanted            disarm: some of it is unwanted
///         ┌─────────────────────┐         ┌──────────────────────────────┐
///   add ──┴─► Listed { armed } ◄┘    Listed { armed } ──► Listed { less }
///                    │  ▲
///   disarm: nobody   ▼  │  arm: somebody wants something again
///   wants a hang-up  Unlisted          (errors and hang-ups cannot be disarmed but by taking the descriptor out)
/// ```
///
/// The kernel gives back the source's token with each event, so what is told goes to the tree without a look into this table; only who
/// disarms finds his way here by the token.
#[derive(Debug)]
pub(crate) struct Watches {
    slots: Vec<Slot>,
    /// By the index of a source's token: where its descriptor is or, of one that is gone, was.
    by_source: Vec<WatchKey>,
    /// The first of the free slots, which are a list.
    free: Option<u32>,
}

#[derive(Debug)]
enum Slot {
    Used(Watched),
    Free { next: Option<u32> },
}

#[derive(Debug)]
struct Watched {
    token: Token,
    fd: RawFd,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Listed { armed: Ready },
    Unlisted,
}

impl Watches {
    pub(crate) const fn new() -> Watches {
        Watches { slots: Vec::new(), by_source: Vec::new(), free: None }
    }

    /// Watches `fd` for the source `token`.
    pub(crate) fn add(&mut self, epoll: &Epoll, token: Token, fd: RawFd, interest: Ready) -> io::Result<WatchKey> {
        let (place, next) = match self.free {
            Some(place) => (place, self.next_free(place)),
            None => (u32::try_from(self.slots.len()).map_err(|_| io::ErrorKind::OutOfMemory)?, None),
        };
        epoll.add(fd, interest, token.to_bits())?;
        let slot = Slot::Used(Watched { token, fd, state: State::Listed { armed: interest } });
        match self.slots.get_mut(place as usize) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        self.free = next;
        let index = token.index() as usize;
        if index >= self.by_source.len() {
            self.by_source.resize(index + 1, WatchKey(u32::MAX));
        }
        self.by_source[index] = WatchKey(place);
        Ok(WatchKey(place))
    }

    /// Takes a descriptor out, before it is closed: its number may mean another file soon, and a copy of it may stay open elsewhere.
    pub(crate) fn remove(&mut self, epoll: &Epoll, key: WatchKey) {
        let Some(watched) = self.get(key) else { return };
        if let State::Listed { .. } = watched.state {
            // Refused only when it is not in the set (epoll_ctl(2)): then it is out, as it should be.
            drop(epoll.remove(watched.fd));
        }
        self.slots[key.0 as usize] = Slot::Free { next: self.free };
        self.free = Some(key.0);
    }

    /// Has `interest` told; if something has to be changed for that, asks what is `wanted` in all. Without a system call when it is armed
    /// already.
    pub(crate) fn arm(&mut self, epoll: &Epoll, key: WatchKey, interest: Ready, wanted: impl FnOnce() -> Ready) -> io::Result<()> {
        let Some(watched) = self.get(key) else { return Ok(()) };
        if let State::Listed { armed } = watched.state
            && armed.contains(interest)
        {
            return Ok(());
        }
        let armed = wanted() | interest;
        match watched.state {
            State::Listed { .. } => epoll.modify(watched.fd, armed, watched.token.to_bits())?,
            State::Unlisted => epoll.add(watched.fd, armed, watched.token.to_bits())?,
        }
        watched.state = State::Listed { armed };
        Ok(())
    }

    /// Nobody wants what was told: has it told no more.
    pub(crate) fn disarm(&mut self, epoll: &Epoll, token: Token, unwanted: Ready) -> io::Result<()> {
        let Some(key) = self.by_source.get(token.index() as usize).copied() else { return Ok(()) };
        // The source's index may have another tenant by now.
        let Some(watched) = self.get(key).filter(|watched| watched.token == token) else { return Ok(()) };
        let State::Listed { armed } = watched.state else { return Ok(()) };
        if unwanted.intersects(Ready::ERROR | Ready::HANGUP) {
            watched.state = State::Unlisted;
            return epoll.remove(watched.fd);
        }
        let armed = armed.without(unwanted);
        watched.state = State::Listed { armed };
        epoll.modify(watched.fd, armed, watched.token.to_bits())
    }

    fn get(&mut self, key: WatchKey) -> Option<&mut Watched> {
        match self.slots.get_mut(key.0 as usize)? {
            Slot::Used(watched) => Some(watched),
            Slot::Free { .. } => None,
        }
    }

    fn next_free(&self, place: u32) -> Option<u32> {
        match self.slots.get(place as usize)? {
            Slot::Free { next } => *next,
            Slot::Used(_) => None,
        }
    }
}
