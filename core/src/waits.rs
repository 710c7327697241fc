//! What a request can wait for, as one byte.

use alloc::string::String;

/// The names that the report shows; the byte in a slot is an index into this.
const NAMES: [&str; 14] = [
    "", "its turn", "sleep", "request", "readable", "writable", "message", "closing", "event", "room", "answer", "client", "promise",
    "frame",
];

pub(crate) const NOTHING: u8 = 0;
pub(crate) const TURN: u8 = 1;
pub(crate) const SLEEP: u8 = 2;
pub(crate) const REQUEST: u8 = 3;
const READABLE: u8 = 4;
const WRITABLE: u8 = 5;
const MESSAGE: u8 = 6;
pub(crate) const CLOSING: u8 = 7;
const EVENT: u8 = 8;
const ANSWER: u8 = 10;
const CLIENT: u8 = 11;
/// Not a wait: the request ended, and its result lies in its chunk.
pub(crate) const RESULT: u8 = u8::MAX;
/// As [`RESULT`], and nothing else is left of the request: whoever takes that out can give slot and chunk back as they are.
pub(crate) const RESULT_ALONE: u8 = u8::MAX - 1;

/// The word of a code; of what is no wait, nothing.
pub(crate) fn name_of(code: u8) -> &'static str {
    NAMES.get(usize::from(code)).copied().unwrap_or_default()
}

/// What is waited for, in a sentence.
pub(crate) fn in_a_sentence(code: u8) -> String {
    let before = match code {
        MESSAGE | REQUEST | CLIENT | CLOSING => "a ",
        ANSWER | EVENT => "an ",
        SLEEP => "its ",
        READABLE | WRITABLE => "being ",
        _ => "",
    };
    String::from(before) + if code == CLOSING { "shutdown" } else { name_of(code) }
}

/// The byte for a source's own word; words that are not in the list are an event.
pub(crate) fn code_of(name: &str) -> u8 {
    Waits::named(name).0
}

/// A word of the report for what is waited for, found when the program is compiled: looking for it would be 0.1 KB of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits(pub(crate) u8);

impl Waits {
    /// "message", "room", "answer", "promise", "frame"…; a word that the report does not know is an "event".
    ///
    /// ```
    /// # use hamadryad::Waits;
    /// const MESSAGE: Waits = Waits::named("message");
    /// # assert_ne!(MESSAGE, Waits::named("room"));
    /// ```
    pub const fn named(name: &str) -> Waits {
        let mut code = 0;
        while code < NAMES.len() {
            if is_same(NAMES[code].as_bytes(), name.as_bytes()) {
                return Waits(code as u8);
            }
            code += 1;
        }
        Waits(EVENT)
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_again_and_others_are_events() {
        for (code, name) in NAMES.into_iter().enumerate() {
            assert_eq!(Waits::named(name), Waits(code as u8));
            assert_eq!(name_of(code as u8), name);
        }
        let named = [
            (REQUEST, "a request"),
            (READABLE, "being readable"),
            (WRITABLE, "being writable"),
            (MESSAGE, "a message"),
            (EVENT, "an event"),
            (ANSWER, "an answer"),
            (CLIENT, "a client"),
            (CLOSING, "a shutdown"),
            (SLEEP, "its sleep"),
            (EVENT + 1, "room"),
        ];
        for (code, sentence) in named {
            assert_eq!(in_a_sentence(code), sentence);
        }
        for other in ["messages", "messag", "x"] {
            assert_eq!(Waits::named(other), Waits(EVENT));
        }
    }
}
