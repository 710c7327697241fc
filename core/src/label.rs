//! A label as people are shown it.

use alloc::string::String;

const REPLACEMENT: &str = "\u{FFFD}";

/// Adds a label to a text. It may come from outside (the name in a query): what would end the line or steer a terminal is shown as �.
pub(crate) fn add_label(label: &str, text: &mut String) {
    // By bytes: to take characters apart is 0.1 KB of a page.
    let bytes = label.as_bytes();
    let mut shown = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let is_c1 = *byte == 0xC2 && bytes.get(at + 1).is_some_and(|next| *next < 0xA0); // U+0080 to U+009F
        if byte.is_ascii_control() || is_c1 {
            text.push_str(label.get(shown..at).unwrap_or_default());
            text.push_str(REPLACEMENT);
            shown = at + if is_c1 { 2 } else { 1 };
        }
    }
    text.push_str(label.get(shown..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_control_characters_are_replaced_and_nothing_else() {
        let last = if cfg!(miri) { 0x100 } else { 0x3000 };
        for letter in (0..last).filter_map(char::from_u32) {
            let mut shown = String::new();
            add_label(&String::from_iter(['ü', letter, letter, 'x']), &mut shown);
            let instead = if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
            assert_eq!(shown, String::from_iter(['ü', instead, instead, 'x']), "{letter:?}");
        }
    }
}
