//! [`Terminal`]: what the daemon tells people, without ever waiting for them.

use core::fmt::Display;
use std::io::{Write, stdout};

use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Instant, Node};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Lines about single queries in a second; more would be no reading matter.
const LINES_MAX: u32 = 50;

/// What a pipe that says it is writable takes without blocking, in bytes (pipe(7): PIPE_BUF).
const CHUNK: usize = 4096;

/// How long a reader may stand still in the middle of a report, in nanoseconds.
const PATIENCE_NS: i64 = 100_000_000;

/// Standard output. A reader that stands still loses lines; the daemon goes on.
#[derive(Clone, Copy)]
pub(crate) struct Terminal(Node<Lines>);

/// How much was told in this second.
pub(crate) struct Lines {
    quiet: bool,
    since: Instant,
    told: u32,
    withheld: u64,
}

impl Terminal {
    pub(crate) fn open(owner: AnyNode, quiet: bool) -> Terminal {
        Terminal(owner.insert(Lines { quiet, since: owner.now(), told: 0, withheld: 0 }).named("terminal"))
    }

    /// What someone asked for or must see: the banner, a report, the end.
    pub(crate) fn say(self, text: impl Display) {
        let text = format!("{text}\n");
        let mut out = stdout().lock();
        for chunk in text.as_bytes().chunks(CHUNK) {
            if !is_writable(PATIENCE_NS) || out.write_all(chunk).and_then(|()| out.flush()).is_err() {
                return; // nobody reads
            }
        }
    }

    /// A line about one query.
    pub(crate) fn tell(self, line: impl Display) {
        if !self.0.with(|lines| lines.quiet) {
            self.warn(line);
        }
    }

    /// A line about trouble, also when quiet.
    pub(crate) fn warn(self, line: impl Display) {
        if self.has_room() && is_writable(0) {
            self.say(line);
        } else {
            self.withhold();
        }
    }

    fn has_room(self) -> bool {
        let now = self.0.now();
        self.0.with_mut(|lines| {
            if now - lines.since >= secs(1) {
                (lines.since, lines.told) = (now, 0);
            }
            lines.told += 1;
            lines.told <= LINES_MAX
        })
    }

    /// The first line of many that is withheld brings a timer that tells how many there were.
    fn withhold(self) {
        let withheld = self.0.with_mut(|lines| {
            lines.withheld += 1;
            lines.withheld
        });
        if withheld == 1 {
            self.0.after(secs(1), move || self.sum_up());
        }
    }

    fn sum_up(self) {
        let withheld = self.0.with_mut(|lines| core::mem::take(&mut lines.withheld));
        if is_writable(0) {
            self.say(format_args!("… and {withheld} lines more in the last second"));
        }
    }
}

fn is_writable(patience_ns: i64) -> bool {
    let patience = Timespec { tv_sec: 0, tv_nsec: patience_ns };
    let out = stdout();
    poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&patience)).is_ok_and(|ready| ready > 0)
}
