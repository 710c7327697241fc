//! [`Backlog`]: what signal handlers wrote down and no loop has taken in yet.

use super::SigInfo;
use crate::sys::entries::{ENTRIES_MAX, Entries, Entry};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The entries of all backlogs of the process.
static POOL: Pool = Pool { entries: Entries::new(), free: AtomicU64::new(0), fresh: AtomicU32::new(0) };

/// The siginfos of one signal number, in the order of arrival. Written by signal handlers on any threads, without locks; emptied by
/// whoever holds the registry's lock.
///
/// It is a list with the newest at its head: adding is one compare-and-swap, taking all is one swap, and nothing is ever taken one by one.
#[derive(Debug)]
pub(crate) struct Backlog {
    /// Number of the newest entry plus one; 0: empty.
    newest: AtomicU32,
    waiting: AtomicU32,
}

/// There was no memory left for one more siginfo: the kernel's own limit.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

impl Backlog {
    pub(crate) const fn new() -> Backlog {
        Backlog { newest: AtomicU32::new(0), waiting: AtomicU32::new(0) }
    }

    /// Adds one; tells how many wait now. Async-signal-safe.
    pub(crate) fn push(&self, info: &SigInfo) -> Result<u32, OutOfMemory> {
        let (number, entry) = POOL.take().ok_or(OutOfMemory)?;
        write(entry, info);
        let mut newest = self.newest.load(Ordering::Relaxed);
        loop {
            entry.next.store(newest, Ordering::Relaxed);
            // Release: who takes the list sees what was written into its entries.
            match self.newest.compare_exchange_weak(newest, number + 1, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => break,
                Err(other) => newest = other,
            }
        }
        Ok(self.waiting.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }

    /// Takes all that wait, oldest first, into `infos`.
    pub(crate) fn take_all(&self, signal: i32, infos: &mut Vec<SigInfo>) {
        let start = infos.len();
        let mut link = self.newest.swap(0, Ordering::Acquire);
        while let Some(number) = link.checked_sub(1) {
            let Some(entry) = POOL.entries.get(number) else { break };
            link = entry.next.load(Ordering::Relaxed);
            infos.push(read(entry, signal));
            POOL.give_back(number, entry);
        }
        infos[start..].reverse();
        // A handler that has added but not counted yet makes this wrap for a moment; the sum is right in the end.
        self.waiting.fetch_sub((infos.len() - start) as u32, Ordering::Relaxed);
    }
}

fn write(entry: &Entry, info: &SigInfo) {
    entry.code.store(info.code, Ordering::Relaxed);
    entry.pid.store(info.pid, Ordering::Relaxed);
    entry.uid.store(info.uid, Ordering::Relaxed);
    entry.value.store(info.value, Ordering::Relaxed);
    entry.fd.store(info.fd, Ordering::Relaxed);
    entry.band.store(info.band, Ordering::Relaxed);
}

fn read(entry: &Entry, signal: i32) -> SigInfo {
    SigInfo {
        signal,
        code: entry.code.load(Ordering::Relaxed),
        pid: entry.pid.load(Ordering::Relaxed),
        uid: entry.uid.load(Ordering::Relaxed),
        value: entry.value.load(Ordering::Relaxed),
        fd: entry.fd.load(Ordering::Relaxed),
        band: entry.band.load(Ordering::Relaxed),
    }
}

/// Entries that are in no backlog.
#[derive(Debug)]
struct Pool {
    entries: Entries,
    /// Low half: number of the first free entry plus one, 0 for none. High half: a count that changes with every taking, so that a head
    /// which went and came back meanwhile is not taken for the old one.
    free: AtomicU64,
    /// The entries from here on were never used.
    fresh: AtomicU32,
}

impl Pool {
    fn take(&self) -> Option<(u32, &'static Entry)> {
        let mut head = self.free.load(Ordering::Acquire);
        while let Some(number) = link_of(head).checked_sub(1) {
            let entry = self.entries.get(number)?;
            // It may be somebody else's by now: then the count has changed and the exchange fails.
            let rest = joined(count_of(head).wrapping_add(1), entry.next.load(Ordering::Relaxed));
            match self.free.compare_exchange_weak(head, rest, Ordering::Acquire, Ordering::Acquire) {
                Ok(_) => return Some((number, entry)),
                Err(other) => head = other,
            }
        }
        self.take_fresh()
    }

    fn take_fresh(&self) -> Option<(u32, &'static Entry)> {
        let below_max = |fresh| (fresh < ENTRIES_MAX).then_some(fresh + 1);
        let number = self.fresh.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below_max).ok()?;
        self.entries.get(number).map(|entry| (number, entry))
    }

    fn give_back(&self, number: u32, entry: &Entry) {
        let mut head = self.free.load(Ordering::Relaxed);
        loop {
            entry.next.store(link_of(head), Ordering::Relaxed);
            // Release: who takes the entry sees its link.
            match self.free.compare_exchange_weak(head, joined(count_of(head), number + 1), Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => head = other,
            }
        }
    }
}

fn link_of(head: u64) -> u32 {
    head as u32
}

fn count_of(head: u64) -> u32 {
    (head >> 32) as u32
}

fn joined(count: u32, link: u32) -> u64 {
    u64::from(count) << 32 | u64::from(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(value: i32) -> SigInfo {
        SigInfo { signal: 40, code: -1, pid: 1, uid: 2, value, fd: 3, band: 4 }
    }

    #[test]
    fn comes_out_in_the_order_it_went_in_and_uses_its_entries_again() {
        let backlog = Backlog::new();
        for round in 0..3 {
            for value in 0..1_000 {
                assert_eq!(backlog.push(&numbered(round + value)).expect("memory"), value as u32 + 1);
            }
            let mut infos = Vec::new();
            backlog.take_all(40, &mut infos);
            assert!(infos.iter().map(|info| info.value).eq(round..round + 1_000));
            assert!(infos.iter().all(|info| (info.code, info.pid, info.uid, info.fd, info.band) == (-1, 1, 2, 3, 4)));
        }
        assert!(POOL.fresh.load(Ordering::Relaxed) <= 8_000, "entries are not used again");
    }

    #[test]
    fn several_writers_and_a_reader_lose_nothing_and_keep_each_writers_order() {
        const EACH: i32 = 2_000;
        let backlog = Backlog::new();
        let mut infos = Vec::new();
        std::thread::scope(|scope| {
            for writer in 0..3 {
                let backlog = &backlog;
                scope.spawn(move || {
                    for value in 0..EACH {
                        backlog.push(&numbered(writer * EACH + value)).expect("memory");
                    }
                });
            }
            while infos.len() < 3 * EACH as usize {
                backlog.take_all(40, &mut infos);
                std::thread::yield_now();
            }
        });
        for writer in 0..3 {
            let own = infos.iter().map(|info| info.value).filter(|value| value / EACH == writer);
            assert!(own.eq(writer * EACH..(writer + 1) * EACH));
        }
    }
}
