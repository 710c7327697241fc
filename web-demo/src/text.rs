//! [`Text`]: what people read, put together without the library's formatting.

use alloc::string::String;

/// What a type's `Display` writes, as a text that is added to. What formats would be 3 KB of a page, packed, and there is nothing to align or to pad.
pub trait Text {
    /// Adds it to a text.
    fn add_to(&self, text: &mut String);

    /// It alone.
    fn text(&self) -> String {
        let mut text = String::new();
        self.add_to(&mut text);
        text
    }
}

/// Adds one part after the other.
pub(crate) fn add_all(parts: &[&str], text: &mut String) {
    for part in parts {
        text.push_str(part);
    }
}
