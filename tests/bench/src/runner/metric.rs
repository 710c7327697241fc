//! What is measured per operation.

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    /// Process CPU time, in nanoseconds: the median of the rounds. In a page, time on its clock.
    Ns,
    /// User-space instructions.
    Instructions,
    /// Calls of malloc and its like.
    Allocations,
    /// Live heap bytes of an item: a node, a waiting request, a pending timer. Of the page's program: its size.
    Bytes,
    /// System calls.
    Syscalls,
}

impl Metric {
    /// All, in the order of the columns.
    pub(crate) const ALL: [Self; 5] = [Self::Ns, Self::Instructions, Self::Allocations, Self::Bytes, Self::Syscalls];

    /// Its name in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Bytes => "bytes",
            Self::Syscalls => "syscalls",
        }
    }

    /// A value of it, to as many places as mean something.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Ns => format!("{value:.1}"),
            Self::Instructions | Self::Bytes => format!("{value:.0}"),
            Self::Allocations | Self::Syscalls => format!("{value:.2}"),
        }
    }
}
