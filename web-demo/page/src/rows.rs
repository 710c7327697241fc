//! The tree's report as text that JavaScript takes apart with two splits.

use alloc::string::String;
use core::time::Duration;

use hamadryad_wasm::{AnyNode, add_decimal};

/// The report of `top`: a first line of nodes, requests and bytes, then a line for each node, depth first, oldest sibling first. Its fields,
/// each with a tabulator behind it:
///
/// | id | depth | name | label | kind | file | line | age | bytes | runs | waits | deadline left |
/// |---|---|---|---|---|---|---|---|---|---|---|---|
/// | | | | | | | | ms | | | | ms |
///
/// A field that is not there is empty. Costs one walk and one string; nothing is kept.
pub(crate) fn rows(top: AnyNode) -> String {
    let report = top.report();
    let mut rows = Rows(String::with_capacity(96 * report.nodes() + 32));
    rows.number(report.nodes() as u64);
    rows.number(report.requests() as u64);
    rows.number(report.bytes() as u64);
    for line in report.lines() {
        rows.0.push('\n');
        line.id().add_to(&mut rows.0);
        rows.text("");
        rows.number(line.depth() as u64);
        rows.text(line.name());
        rows.text(line.label().unwrap_or_default());
        rows.text(line.kind());
        rows.text(line.place().file());
        rows.number(line.place().line().into());
        rows.number(millis_of(line.age()).into());
        rows.number(line.bytes() as u64);
        rows.perhaps(line.runs());
        rows.text(line.waits().unwrap_or_default());
        rows.perhaps(line.deadline_left().map(millis_of));
    }
    rows.0
}

struct Rows(String);

impl Rows {
    /// A label is anybody's text: what would end the field becomes a blank.
    fn text(&mut self, text: &str) {
        self.0.extend(text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }));
        self.0.push('\t');
    }

    fn number(&mut self, number: u64) {
        add_decimal(number, &mut self.0);
        self.text("");
    }

    fn perhaps(&mut self, number: Option<u32>) {
        match number {
            Some(number) => self.number(number.into()),
            None => self.text(""),
        }
    }
}

/// Whole milliseconds, 49 days at most. (`Duration::as_millis` divides with 128 bits, which is 1 KB of a page.)
pub(crate) fn millis_of(duration: Duration) -> u32 {
    const SECONDS_MAX: u32 = u32::MAX / 1000;
    match u32::try_from(duration.as_secs()) {
        Ok(seconds) if seconds < SECONDS_MAX => seconds * 1000 + duration.subsec_millis(),
        _ => u32::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::millis_of;
    use core::time::Duration;

    #[test]
    fn milliseconds_are_whole_and_saturate() {
        assert_eq!(millis_of(Duration::from_micros(1_999)), 1);
        assert_eq!(millis_of(Duration::from_secs(61)), 61_000);
        assert_eq!(millis_of(Duration::MAX), u32::MAX);
    }
}
