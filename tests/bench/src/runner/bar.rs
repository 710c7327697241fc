//! What must be reached.

use super::{contestant::OURS, figures::Figures, metric::Metric};

/// What ours is held against.
#[derive(Clone, Copy, Debug)]
enum Limit {
    /// At most so much.
    Value(f64),
    /// At most so many times as much as that one.
    Times(f64, &'static str),
}

/// One bar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bar {
    pub(crate) workload: &'static str,
    metric: Metric,
    limit: Limit,
}

const fn bar(workload: &'static str, metric: Metric, limit: Limit) -> Bar {
    Bar { workload, metric, limit }
}

use Limit::{Times, Value};
use Metric::{Allocations, Bytes, Instructions, Ns, Syscalls};

const ALL: &[Bar] = &[
    bar("node", Ns, Times(0.5, "talloc")),
    bar("node", Ns, Times(0.8, "malloc")),
    bar("node", Instructions, Value(160.0)),
    bar("node", Allocations, Value(0.0)),
    // 96 beside a value of 56, which takes a place of 64.
    bar("node", Bytes, Value(160.0)),
    bar("tree", Ns, Times(0.5, "talloc")),
    bar("tree", Instructions, Value(250.0)),
    bar("tree", Allocations, Value(0.0)),
    bar("request_now", Ns, Times(0.3, "tevent")),
    bar("request_now", Ns, Times(0.3, "tokio")),
    bar("request_now", Instructions, Value(450.0)),
    bar("request_now", Allocations, Value(0.0)),
    bar("request_yield", Instructions, Value(650.0)),
    bar("request_yield", Allocations, Value(0.0)),
    bar("outstanding_1000", Instructions, Value(450.0)),
    bar("outstanding_1000", Allocations, Value(0.0)),
    bar("timers_1000", Ns, Times(1.5, "libev")),
    bar("timers_1000", Instructions, Value(450.0)),
    bar("timers_1000", Allocations, Value(0.0)),
    bar("timers_10000", Ns, Times(1.5, "libev")),
    bar("timers_10000", Instructions, Value(450.0)),
    bar("timers_100000", Ns, Times(1.5, "libev")),
    bar("timers_100000", Instructions, Value(450.0)),
    bar("timers_1000000", Ns, Times(1.5, "libev")),
    bar("timers_1000000", Instructions, Value(450.0)),
    bar("fd_hop_100_1", Syscalls, Value(3.0)),
    bar("fd_hop_100_1", Instructions, Value(200.0)),
    bar("wasm_yield_one", Ns, Times(0.2, "spawn_local")),
    bar("wasm_yield_1000", Ns, Times(0.2, "spawn_local")),
    bar("wasm_timers_10000", Ns, Times(0.1, "setTimeout")),
    bar("wasm_echo", Ns, Times(1.1, "javascript")),
    bar("size_wasm_core", Bytes, Value(15_000.0)),
    bar("size_wasm_socket", Bytes, Value(20_000.0)),
    bar("size_page", Bytes, Value(50_000.0)),
];

/// A bar, and how ours stands to it.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// What the bar asks for, as text.
    pub(crate) asked: String,
    /// What was reached, as text; nothing where it was not measured.
    pub(crate) reached: Option<String>,
    /// Whether that is enough.
    pub(crate) met: bool,
}

impl Bar {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    /// Holds the figures against it. What is shown is what counts: to two places, or whole instructions.
    pub(crate) fn judge(self, figures: &Figures) -> Verdict {
        let name = self.metric.name();
        let (asked, limit, reached) = match self.limit {
            Value(limit) => {
                let reached = figures.value(self.workload, OURS, self.metric);
                (format!("{name} <= {}", self.metric.show(limit)), limit, reached.map(|value| self.metric.show(value)))
            }
            Times(limit, peer) => {
                let reached = figures.ratio(self.workload, peer, self.metric);
                (format!("{name} <= {limit:.2} x {peer}"), limit, reached.map(|ratio| format!("{ratio:.2}")))
            }
        };
        let met = reached.as_ref().is_some_and(|shown| shown.parse().is_ok_and(|value: f64| value <= limit));
        Verdict { asked, reached, met }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{
        figures::Figure,
        page,
        wasm_size::SIZES,
        workload::{Group, Workload},
    };

    #[test]
    fn a_bar_is_met_up_to_its_limit_and_missed_above() {
        let judge = |value| {
            let mut figures = Figures::default();
            figures.add(Figure { workload: "node", contestant: OURS, metric: Instructions, value });
            let verdict = bar("node", Instructions, Value(160.0)).judge(&figures);
            (verdict.met, verdict.reached)
        };
        assert_eq!(judge(160.4), (true, Some("160".to_owned())));
        assert_eq!(judge(161.0), (false, Some("161".to_owned())));
        assert!(!bar("node", Ns, Times(0.5, "talloc")).judge(&Figures::default()).met, "what was not measured is not met");
    }

    #[test]
    fn every_bar_is_of_a_workload_and_of_a_peer_that_takes_part() {
        for bar in Bar::all() {
            if bar.workload.starts_with("size_") {
                assert!(SIZES.iter().any(|size| size.name == bar.workload), "{} is not weighed", bar.workload);
                continue;
            }
            if let Some((_, contestants)) = page::WORKLOADS.iter().find(|(name, _)| *name == bar.workload) {
                let Times(_, peer) = bar.limit else { continue };
                assert!(contestants.contains(&peer), "{} has no {peer}", bar.workload);
                continue;
            }
            let workload = Workload::of(&Group::ALL).find(|workload| workload.name == bar.workload).expect(bar.workload);
            if let Times(_, peer) = bar.limit {
                assert!(workload.contestants(true).any(|name| name == peer), "{} has no {peer}", bar.workload);
            }
        }
    }
}
