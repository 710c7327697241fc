//! The figures as tables for people, which Markdown understands too.

use std::fmt::Write;

use super::{
    bar::Bar,
    contestant::OURS,
    figures::Figures,
    metric::Metric,
    session::Skipped,
    wasm_size::{SIZES, Size},
};

/// Everything: the figures with ratios, the bars with verdicts, and what was skipped.
pub(crate) fn render(figures: &Figures, skipped: &[Skipped]) -> String {
    let mut text = String::from("\nPer operation. `x`: how many times as dear ours is as that contestant.\n\n");
    text += &lay_out(&figure_rows(figures));
    let parts = part_rows(figures);
    if parts.len() > 1 {
        text += "\n";
        text += &lay_out(&parts);
    }
    let bars = bar_rows(figures);
    if bars.len() > 1 {
        text += "\n";
        text += &lay_out(&bars);
    }
    if !skipped.is_empty() {
        text += "\nSkipped:\n";
        for Skipped { what, reason } in skipped {
            writeln!(text, "- {what}: {reason}").expect("a String takes everything");
        }
    }
    text
}

fn figure_rows(figures: &Figures) -> Vec<Vec<String>> {
    let mut head = vec!["workload".to_owned(), "contestant".to_owned()];
    for metric in Metric::ALL {
        head.push(metric.name().to_owned());
        if has_ratio(metric) {
            head.push("x".to_owned());
        }
    }
    let mut rows = vec![head];
    let mut last = None;
    let mut done = Vec::new();
    for figure in figures.iter() {
        let row = (figure.workload, figure.contestant);
        if done.contains(&row) {
            continue;
        }
        done.push(row);
        let workload = if last == Some(figure.workload) { "" } else { figure.workload };
        last = Some(figure.workload);
        rows.push(figure_row(figures, figure.workload, figure.contestant, workload));
    }
    rows
}

fn figure_row(figures: &Figures, workload: &'static str, contestant: &'static str, shown: &str) -> Vec<String> {
    let mut row = vec![shown.to_owned(), contestant.to_owned()];
    for metric in Metric::ALL {
        row.push(figures.value(workload, contestant, metric).map_or_else(String::new, |value| metric.show(value + 0.0)));
        if has_ratio(metric) {
            let ratio = figures.ratio(workload, contestant, metric).filter(|_| contestant != OURS);
            row.push(ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")));
        }
    }
    row
}

/// What each part of a page adds to its size, where the page without it was weighed as well.
fn part_rows(figures: &Figures) -> Vec<Vec<String>> {
    let mut rows = vec![["size", "adds", "bytes more"].map(str::to_owned).to_vec()];
    let bytes = |size: &Size| figures.value(size.name, OURS, Metric::Bytes);
    for (index, size) in SIZES.iter().enumerate() {
        let before = if index == 0 { Some(0.0) } else { bytes(&SIZES[index - 1]) };
        if let Some((more, before)) = bytes(size).zip(before) {
            rows.push(vec![size.name.to_owned(), size.adds.to_owned(), Metric::Bytes.show(more - before)]);
        }
    }
    rows
}

fn has_ratio(metric: Metric) -> bool {
    matches!(metric, Metric::Ns | Metric::Instructions)
}

/// The bars of those workloads that were run.
fn bar_rows(figures: &Figures) -> Vec<Vec<String>> {
    let mut rows = vec![["workload", "bar", "reached", "verdict"].map(str::to_owned).to_vec()];
    for bar in Bar::all().filter(|bar| figures.iter().any(|figure| figure.workload == bar.workload)) {
        let verdict = bar.judge(figures);
        let word = match (&verdict.reached, verdict.met) {
            (None, _) => "not measured",
            (Some(_), true) => "met",
            (Some(_), false) => "MISSED",
        };
        rows.push(vec![bar.workload.to_owned(), verdict.asked, verdict.reached.unwrap_or_default(), word.to_owned()]);
    }
    rows
}

/// Columns as wide as their widest cell; numbers to the right.
fn lay_out(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let is_number = |column: usize| rows[1..].iter().all(|row| row[column].is_empty() || row[column].parse::<f64>().is_ok());
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let padded = if is_number(column) { format!("| {cell:>width$} ") } else { format!("| {cell:<width$} ") };
            text += &padded;
        }
        text += "|\n";
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                text += &if is_number(column) { format!("|{}:", "-".repeat(width + 1)) } else { format!("|{}", "-".repeat(width + 2)) };
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::figures::Figure;

    #[test]
    fn the_table_has_ratios_bars_and_what_was_skipped() {
        let mut figures = Figures::default();
        figures.add_rounds("node", OURS, vec![10.0]);
        figures.add_rounds("node", "talloc", vec![40.0]);
        for (name, value) in [("size_wasm_timer", 9_000.0), ("size_wasm_core", 9_900.0), ("size_page", 40_000.0)] {
            figures.add(Figure { workload: name, contestant: OURS, metric: Metric::Bytes, value });
        }
        let skipped = [Skipped { what: "malloc".to_owned(), reason: "no compiler".to_owned() }];
        let text = render(&figures, &skipped);
        let line = |with: &str| text.lines().find(|line| line.contains(with)).unwrap_or_default().split_whitespace().collect::<String>();
        assert_eq!(line("| talloc"), "||talloc|40.0|0.25||||||");
        assert_eq!(line("0.50 x talloc"), "|node|ns<=0.50xtalloc|0.25|met|");
        assert_eq!(line("instructions <= 160"), "|node|instructions<=160||notmeasured|");
        assert_eq!(line("a request that waits"), "|size_wasm_core|arequestthatwaits,withadeadline|900|");
        assert!(!text.contains("a timer") && !text.contains("the demo"), "the one before was not weighed: {text}");
        assert!(text.ends_with("- malloc: no compiler\n"), "{text}");
    }
}
