//! A label as people are shown it.

use alloc::string::String;

const REPLACEMENT: &str = "\u{FFFD}";

/// Adds a label to a text. It may come from outside (the name in a query): what would end the line or steer a terminal is shown as �.
pub(crate) fn add_label(label: &str, text: &mut String) {
    let mut from = 0;
    for (at, letter) in label.char_indices() {
        if letter.is_control() {
            text.push_str(label.get(from..at).unwrap_or_default());
            text.push_str(REPLACEMENT);
            from = at + letter.len_utf8();
        }
    }
    text.push_str(label.get(from..).unwrap_or_default());
}
