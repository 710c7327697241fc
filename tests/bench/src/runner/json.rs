//! The figures as an array for other programs.

use super::figures::Figures;

/// An array of `{"workload", "contestant", "metric", "value"}`, one object a line. Names hold nothing that would have to be escaped,
/// values are finite numbers.
pub(crate) fn render(figures: &Figures) -> String {
    let object = |figure: &super::figures::Figure| {
        let (workload, contestant, metric) = (figure.workload, figure.contestant, figure.metric.name());
        // A difference of two equal counts is 0, not -0.
        let value = (figure.value * 1000.0).round() / 1000.0 + 0.0;
        format!(r#"  {{"workload": "{workload}", "contestant": "{contestant}", "metric": "{metric}", "value": {value}}}"#)
    };
    let objects: Vec<_> = figures.iter().map(object).collect();
    format!("[\n{}\n]\n", objects.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{figures::Figure, metric::Metric};

    #[test]
    fn figures_become_objects() {
        let mut figures = Figures::default();
        for (metric, value) in [(Metric::Syscalls, 3.0), (Metric::Allocations, -0.0)] {
            figures.add(Figure { workload: "fd_hop_100_1", contestant: "epoll", metric, value });
        }
        let expected = r#"[
  {"workload": "fd_hop_100_1", "contestant": "epoll", "metric": "syscalls", "value": 3},
  {"workload": "fd_hop_100_1", "contestant": "epoll", "metric": "allocations", "value": 0}
]
"#;
        assert_eq!(render(&figures), expected);
    }
}
