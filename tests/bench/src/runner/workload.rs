//! What is measured, at which sizes, and who takes part.

/// Workloads that belong together: what the command line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Tree,
    Requests,
    Timers,
    Fds,
    Wasm,
    Size,
}

impl Group {
    pub(crate) const ALL: [Self; 6] = [Self::Tree, Self::Requests, Self::Timers, Self::Fds, Self::Wasm, Self::Size];

    /// The group of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Requests => "requests",
            Self::Timers => "timers",
            Self::Fds => "fds",
            Self::Wasm => "wasm",
            Self::Size => "size",
        }
    }
}

/// One row group of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    /// Its name in the table.
    pub(crate) name: &'static str,
    pub(crate) group: Group,
    /// What the contestants call it.
    pub(crate) asks: &'static str,
    /// How many at once.
    n: u64,
    /// How many of them are held when live bytes are asked for; 0: they are not.
    bytes_n: u64,
    /// Rounds of one timed run: some tens of milliseconds.
    timed_rounds: u64,
    /// How often every contestant has its turn at being timed.
    repeats: usize,
    /// The two numbers of rounds whose difference is counted.
    counted_rounds: (u64, u64),
    /// Who takes part, ours first.
    contestants: &'static [&'static str],
}

/// Those that no bar and no floor is about: left out when time is short.
const EXTRAS: &[&str] = &["tevent_deadline", "tokio_local", "tokio_deadline", "smol", "libevent", "libuv"];

const TREES: &[&str] = &["hamadryad", "talloc", "malloc"];
const REQUESTS: &[&str] = &["hamadryad", "tevent", "tevent_deadline", "tokio", "tokio_local", "tokio_deadline", "smol"];
const OUTSTANDING: &[&str] = &["hamadryad", "tevent", "tokio", "tokio_local", "smol"];
/// tevent's timers are a sorted list: above 1,000 random deadlines it is out of the race.
const TIMERS_FEW: &[&str] = &["hamadryad", "libev", "libevent", "libuv", "tokio", "smol", "tevent"];
const TIMERS: &[&str] = &["hamadryad", "libev", "libevent", "libuv", "tokio"];
const TIMERS_MANY: &[&str] = &["hamadryad", "libev", "tokio"];
const FDS: &[&str] = &["hamadryad", "epoll", "libev", "libevent", "libuv", "tevent", "tokio", "tokio_local"];

/// A workload of one at a time, of which no bytes are asked for.
const fn one(group: Group, name: &'static str, timed_rounds: u64, contestants: &'static [&'static str]) -> Workload {
    let counted_rounds = (1_000, 11_000);
    Workload { name, group, asks: name, n: 1, bytes_n: 0, timed_rounds, repeats: 11, counted_rounds, contestants }
}

const fn timers(name: &'static str, n: u64, timed_rounds: u64, contestants: &'static [&'static str]) -> Workload {
    let counted_rounds = if n < 100_000 { (20_000 / n, 60_000 / n) } else { (1, 2) };
    let repeats = if n < 1_000_000 { 7 } else { 5 };
    Workload { name, group: Group::Timers, asks: "timers", n, bytes_n: n, timed_rounds, repeats, counted_rounds, contestants }
}

const ALL: [Workload; 10] = [
    Workload { bytes_n: 100_000, ..one(Group::Tree, "node", 1_000_000, TREES) },
    Workload { bytes_n: 1, counted_rounds: (2, 6), ..one(Group::Tree, "tree", 40, TREES) },
    one(Group::Requests, "request_now", 200_000, REQUESTS),
    one(Group::Requests, "request_yield", 100_000, REQUESTS),
    Workload {
        asks: "outstanding",
        n: 1_000,
        bytes_n: 100_000,
        counted_rounds: (5, 25),
        ..one(Group::Requests, "outstanding_1000", 200, OUTSTANDING)
    },
    timers("timers_1000", 1_000, 1_000, TIMERS_FEW),
    timers("timers_10000", 10_000, 60, TIMERS),
    timers("timers_100000", 100_000, 5, TIMERS),
    timers("timers_1000000", 1_000_000, 2, TIMERS_MANY),
    Workload { asks: "fd_hop", n: 100, counted_rounds: (1_000, 5_000), ..one(Group::Fds, "fd_hop_100_1", 50_000, FDS) },
];

impl Workload {
    /// Those of the groups asked for.
    pub(crate) fn of(groups: &[Group]) -> impl Iterator<Item = Self> {
        ALL.into_iter().filter(|workload| groups.contains(&workload.group))
    }

    /// Who takes part, ours first.
    pub(crate) fn contestants(self, quick: bool) -> impl Iterator<Item = &'static str> {
        self.contestants.iter().copied().filter(move |name| !(quick && EXTRAS.contains(name)))
    }

    /// How often every contestant is timed.
    pub(crate) fn repeats(self, quick: bool) -> usize {
        if quick { 3 } else { self.repeats }
    }

    /// What a timed run is told.
    pub(crate) fn timed(self, quick: bool) -> Vec<String> {
        let rounds = if quick { self.timed_rounds.div_ceil(4) } else { self.timed_rounds };
        self.words(self.n, &format!("rounds={rounds}"))
    }

    /// What the smaller and the larger counted run are told; nothing when that would take too long.
    pub(crate) fn counted(self, quick: bool) -> Option<[Vec<String>; 2]> {
        let (few, many) = self.counted_rounds;
        (!quick || self.n < 100_000).then(|| [few, many].map(|rounds| self.words(self.n, &format!("rounds={rounds}"))))
    }

    /// What a run is told that shows how much memory is held.
    pub(crate) fn held(self) -> Option<Vec<String>> {
        (self.bytes_n > 0).then(|| self.words(self.bytes_n, "bytes=1"))
    }

    fn words(self, n: u64, last: &str) -> Vec<String> {
        vec![self.asks.to_owned(), format!("n={n}"), last.to_owned()]
    }
}
