//! What came out.

use std::collections::BTreeMap;

use super::{contestant::OURS, metric::Metric};

/// One figure: the value of a metric, of a contestant, at a workload.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) workload: &'static str,
    pub(crate) contestant: &'static str,
    pub(crate) metric: Metric,
    pub(crate) value: f64,
}

/// All of them, in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    figures: Vec<Figure>,
    /// Nanoseconds per operation of every round, to be paired with the same round of another.
    rounds: BTreeMap<(&'static str, &'static str), Vec<f64>>,
}

impl Figures {
    /// Adds the times of all rounds of one contestant; the figure is their median.
    pub(crate) fn add_rounds(&mut self, workload: &'static str, contestant: &'static str, rounds: Vec<f64>) {
        let Some(value) = median(rounds.clone()) else { return };
        self.add(Figure { workload, contestant, metric: Metric::Ns, value });
        self.rounds.insert((workload, contestant), rounds);
    }

    /// Adds a figure.
    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// All, by workload.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter()
    }

    /// One of them.
    pub(crate) fn value(&self, workload: &str, contestant: &str, metric: Metric) -> Option<f64> {
        let wanted = |figure: &&Figure| figure.workload == workload && figure.contestant == contestant && figure.metric == metric;
        self.figures.iter().find(wanted).map(|figure| figure.value)
    }

    /// How much dearer ours is than `contestant`: of times the median of the ratios within the same round, for times of
    /// different minutes cannot be compared.
    pub(crate) fn ratio(&self, workload: &'static str, contestant: &'static str, metric: Metric) -> Option<f64> {
        if metric == Metric::Ns {
            let (ours, theirs) = (self.rounds.get(&(workload, OURS))?, self.rounds.get(&(workload, contestant))?);
            return median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect());
        }
        let theirs = self.value(workload, contestant, metric).filter(|theirs| *theirs != 0.0)?;
        Some(self.value(workload, OURS, metric)? / theirs)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = values[(values.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_of_times_are_paired_within_a_round() {
        let mut figures = Figures::default();
        figures.add_rounds("node", OURS, vec![10.0, 30.0, 20.0]);
        figures.add_rounds("node", "malloc", vec![20.0, 60.0, 10.0]);
        assert_eq!(figures.value("node", OURS, Metric::Ns), Some(20.0));
        assert_eq!(figures.ratio("node", "malloc", Metric::Ns), Some(0.5));
        assert_eq!(figures.ratio("node", "talloc", Metric::Ns), None);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
