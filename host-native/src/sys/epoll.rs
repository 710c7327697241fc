//! The readiness of many file descriptors: `epoll(7)`.
#![expect(unsafe_code, reason = "epoll_create1(2), epoll_ctl(2), epoll_pwait(2), epoll_pwait2(2)")]

use hamadryad::{Ready, Token};
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How many events one wait can bring.
pub(crate) const EVENTS_MAX: usize = 256;

/// Set once `epoll_pwait2` was refused: kernels before 5.11, some sandboxes, valgrind.
static MILLISECONDS_ONLY: AtomicBool = AtomicBool::new(false);

/// How long a wait may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeout {
    Zero,
    For(Duration),
    Forever,
}

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Epoll(OwnedFd);

impl Epoll {
    pub(crate) fn new() -> io::Result<Epoll> {
        // SAFETY: no pointers; the result is a new descriptor or -1.
        super::owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }).map(Epoll)
    }

    /// Watches `fd`, level-triggered; `key` comes back with each event.
    ///
    /// # Errors
    /// `EPERM`: this kind of file is always ready and cannot be watched (a regular file). `EEXIST`: it is watched already. `ENOSPC`,
    /// `ENOMEM`: a limit is reached (epoll_ctl(2)).
    pub(crate) fn add(&self, fd: RawFd, interest: Ready, key: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, bits_of(interest), key)
    }

    /// Watches `fd` edge-triggered: each write to an eventfd is told once, and it never has to be read (epoll(7)).
    pub(crate) fn add_edge(&self, fd: RawFd, key: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN | libc::EPOLLET, key)
    }

    /// Changes what `fd` is watched for.
    pub(crate) fn modify(&self, fd: RawFd, interest: Ready, key: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, bits_of(interest), key)
    }

    /// Watches `fd` no more.
    pub(crate) fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    fn control(&self, operation: libc::c_int, fd: RawFd, events: libc::c_int, key: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events as u32, u64: key };
        // SAFETY: `event` is valid for the time of the call. `fd` is a number only: whatever it names, the call changes nothing but
        // the set of this epoll instance, which is ours.
        super::checked(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), operation, fd, &raw mut event) })?;
        Ok(())
    }

    /// Waits until something is ready or `timeout` is over (never shorter).
    #[inline(always)]
    pub(crate) fn wait(&self, events: &Events, timeout: Timeout) -> Filled {
        match timeout {
            Timeout::Zero => self.fill(events, 0),
            Timeout::Forever => self.fill(events, -1),
            Timeout::For(length) => self.wait_for(events, length),
        }
    }

    #[inline(never)]
    fn wait_for(&self, events: &Events, length: Duration) -> Filled {
        if !MILLISECONDS_ONLY.load(Ordering::Relaxed) {
            let filled = self.fill_nanos(events, length);
            if !filled.is_refused() {
                return filled;
            }
            MILLISECONDS_ONLY.store(true, Ordering::Relaxed);
        }
        self.fill(events, millis_of(length))
    }

    #[inline(always)]
    fn fill(&self, events: &Events, millis: libc::c_int) -> Filled {
        let (place, room) = (events.0.as_ptr().cast_mut().cast::<libc::epoll_event>(), EVENTS_MAX as libc::c_int);
        // SAFETY: `place` has room for `room` events: an `Event` is nothing but the kernel's, in cells, so that it may be written to.
        Filled(unsafe { libc::epoll_wait(self.0.as_raw_fd(), place, room, millis) })
    }

    fn fill_nanos(&self, events: &Events, length: Duration) -> Filled {
        let timeout =
            KernelTimespec { seconds: i64::try_from(length.as_secs()).unwrap_or(i64::MAX), nanos: i64::from(length.subsec_nanos()) };
        let (place, room) = (events.0.as_ptr().cast_mut().cast::<libc::epoll_event>(), EVENTS_MAX as libc::c_long);
        // SAFETY: the five arguments and their types are those of epoll_pwait2(2): `place` has room for `room` events, `timeout` lives
        // through the call, a null mask leaves the thread's mask alone and makes its size meaningless. By number, because libraries older
        // than the kernel have no function for it.
        let filled = unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                self.0.as_raw_fd(),
                place,
                room,
                &raw const timeout,
                std::ptr::null::<libc::sigset_t>(),
                0_usize,
            )
        };
        Filled(filled as libc::c_int) // at most EVENTS_MAX
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The kernel's 64-bit `timespec`, the same on every architecture.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanos: i64,
}

/// A place for the events of one wait. They are cells: nothing is borrowed exclusively while somebody reads them.
pub(crate) struct Events([Cell<Event>; EVENTS_MAX]);

/// How much of that place a wait has filled; -1, if it failed.
#[derive(Clone, Copy)]
pub(crate) struct Filled(libc::c_int);

impl Filled {
    /// The event, if there is one and no other.
    #[inline(always)]
    pub(crate) fn only(self, events: &Events) -> Option<Event> {
        (self.0 == 1).then(|| events.0[0].get())
    }

    /// All events. To be asked before the next system call, whose error it would be else.
    ///
    /// # Errors
    /// [`Interrupted`](io::ErrorKind::Interrupted) when a signal came.
    pub(crate) fn all(self, events: &Events) -> io::Result<&[Cell<Event>]> {
        let filled = super::checked(self.0)?;
        Ok(&events.0[..filled as usize]) // not negative: checked
    }

    /// Some sandboxes answer `EPERM` to a call they do not know.
    fn is_refused(self) -> bool {
        self.0 == -1 && matches!(io::Error::last_os_error().raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
    }
}

/// What became of one descriptor.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Event(libc::epoll_event);

impl Events {
    pub(crate) fn new() -> Box<Events> {
        Box::new(Events([const { Cell::new(Event(libc::epoll_event { events: 0, u64: 0 })) }; EVENTS_MAX]))
    }
}

impl Event {
    /// The source that its descriptor was added for.
    #[inline]
    pub(crate) fn token(&self) -> Token {
        Token::from_bits(self.0.u64)
    }

    /// What its descriptor was added with.
    #[inline]
    pub(crate) fn key(&self) -> u64 {
        self.0.u64
    }

    #[inline]
    pub(crate) fn ready(&self) -> Ready {
        Ready::from_poll_bits(self.0.events)
    }
}

/// Rounded up, so that nothing is early; clamped to 24.8 days, after which the loop waits again.
fn millis_of(length: Duration) -> libc::c_int {
    let below = u64::from(length.subsec_nanos().div_ceil(1_000_000));
    libc::c_int::try_from(length.as_secs().saturating_mul(1_000).saturating_add(below)).unwrap_or(libc::c_int::MAX)
}

fn bits_of(interest: Ready) -> libc::c_int {
    let mut bits = 0;
    if interest.contains(Ready::READABLE) {
        bits |= libc::EPOLLIN;
    }
    if interest.contains(Ready::WRITABLE) {
        bits |= libc::EPOLLOUT;
    }
    bits // errors and hang-ups are told unasked (epoll_ctl(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up_and_clamp() {
        assert_eq!(millis_of(Duration::from_nanos(1)), 1);
        assert_eq!(millis_of(Duration::from_millis(7)), 7);
        assert_eq!(millis_of(Duration::from_nanos(7_000_001)), 8);
        assert_eq!(millis_of(Duration::from_secs(40 * 24 * 3600)), i32::MAX);
        assert_eq!(millis_of(Duration::MAX), i32::MAX);
    }

    #[test]
    fn readiness_maps_both_ways() {
        let told = |bits: libc::c_int| Event(libc::epoll_event { events: bits as u32, u64: 0 }).ready();
        assert_eq!(told(bits_of(Ready::READABLE | Ready::WRITABLE)), Ready::READABLE | Ready::WRITABLE);
        assert_eq!((told(libc::EPOLLIN), told(libc::EPOLLOUT)), (Ready::READABLE, Ready::WRITABLE));
        assert_eq!((told(libc::EPOLLERR), told(libc::EPOLLHUP)), (Ready::ERROR, Ready::HANGUP));
        assert_eq!(told(libc::EPOLLPRI | libc::EPOLLRDHUP), Ready::NONE);
        assert_eq!(bits_of(Ready::ERROR | Ready::HANGUP), 0);
    }
}
