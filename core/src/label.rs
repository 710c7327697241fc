//! A label as people are shown it.

use alloc::string::String;

/// Adds a label to a text. It may come from outside (the name in a query): what would end the line or steer a terminal is shown as �.
pub(crate) fn add_label(label: &str, text: &mut String) {
    text.extend(label.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }));
}
