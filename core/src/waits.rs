//! What a request can wait for, as one byte.

/// The names that the report shows; the byte in a slot is an index into this.
const NAMES: [&str; 14] = [
    "", "its turn", "sleep", "request", "readable", "writable", "message", "closing", "event", "room", "answer", "client", "promise",
    "frame",
];

pub(crate) const NOTHING: u8 = 0;
pub(crate) const TURN: u8 = 1;
pub(crate) const SLEEP: u8 = 2;
pub(crate) const REQUEST: u8 = 3;
pub(crate) const CLOSING: u8 = 7;
const EVENT: u8 = 8;
/// Not a wait: the request ended, and its result lies in its chunk.
pub(crate) const RESULT: u8 = u8::MAX;

/// The word of a code; of what is no wait, nothing.
pub(crate) fn name_of(code: u8) -> &'static str {
    NAMES.get(usize::from(code)).copied().unwrap_or_default()
}

/// The byte for a source's own word; words that are not in the list are an event.
pub(crate) fn code_of(name: &str) -> u8 {
    NAMES.iter().position(|known| *known == name).map_or(EVENT, |index| index as u8)
}
