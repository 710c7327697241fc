//! The tree's report as text that JavaScript takes apart with two splits.

use alloc::string::String;
use core::fmt::Write;
use core::time::Duration;

use hamadryad_wasm::AnyNode;

/// The fields of a row, in this order. A field that is not there is empty.
///
/// | id | depth | name | label | kind | place | age | bytes | runs | waits | deadline left |
/// |---|---|---|---|---|---|---|---|---|---|---|
/// | | | | | | `file:line` | ms | | | | ms |
const SEPARATOR: char = '\t';

/// The report of `top`: a first line of nodes, requests and bytes, then a line for each node, depth first, oldest sibling first.
///
/// Costs one walk and one string. Nothing is kept, and no number is a float: formatting those takes 14 KB of a page.
pub(crate) fn rows(top: AnyNode) -> String {
    let report = top.report();
    let mut text = String::with_capacity(96 * report.nodes() + 32);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}\t{}\t{}", report.nodes(), report.requests(), report.bytes());
    for line in report.lines() {
        let place = line.place();
        let _ = write!(text, "\n{}\t{}\t{}\t", line.id(), line.depth(), line.name());
        push_one_line(&mut text, line.label().unwrap_or_default());
        let _ = write!(text, "\t{}\t{}:{}\t{}\t{}\t", line.kind(), place.file(), place.line(), millis_of(line.age()), line.bytes());
        if let Some(runs) = line.runs() {
            let _ = write!(text, "{runs}");
        }
        text.push(SEPARATOR);
        push_one_line(&mut text, line.waits().unwrap_or_default());
        text.push(SEPARATOR);
        if let Some(left) = line.deadline_left() {
            let _ = write!(text, "{}", millis_of(left));
        }
    }
    text
}

/// Whole milliseconds. (`Duration::as_millis` divides with 128 bits, which is 1 KB of a page.)
pub(crate) fn millis_of(duration: Duration) -> u32 {
    let ms = duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into());
    u32::try_from(ms).unwrap_or(u32::MAX)
}

/// A label is anybody's text: what would end the field becomes a blank.
fn push_one_line(text: &mut String, label: &str) {
    text.extend(label.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }));
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
