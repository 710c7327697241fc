//! [`Close`]: why a WebSocket is closed by us.

use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use hamadryad::Ended;

/// Bytes in the reason of a close frame (RFC 6455, section 5.5: 125, with two for the code).
const REASON_MAX: usize = 123;

/// A code (RFC 6455, section 7.4) and a sentence for the person who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Close {
    pub(super) const GOING_AWAY: u16 = 1001;
    pub(super) const PROTOCOL: u16 = 1002;
    pub(super) const WRONG_KIND: u16 = 1003;
    pub(super) const NO_TEXT: u16 = 1007;
    pub(super) const POLICY: u16 = 1008;
    pub(super) const TOO_LARGE: u16 = 1009;

    pub(super) fn new(code: u16, text: impl Into<String>) -> Close {
        Close { code, text: text.into() }
    }

    pub(super) fn frame(&self) -> CloseFrame {
        let end = (0..=REASON_MAX.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        CloseFrame { code: CloseCode::from(self.code), reason: self.text[..end].to_owned().into() }
    }
}

/// Someone ended the connection's node.
impl From<Ended> for Close {
    fn from(ended: Ended) -> Close {
        Close::new(Close::GOING_AWAY, ended.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::Close;

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(Close::new(1008, "short").frame().reason.as_str(), "short");
        let frame = Close::new(1008, "ö".repeat(100)).frame();
        assert_eq!((frame.reason.as_str(), u16::from(frame.code)), ("ö".repeat(61).as_str(), 1008));
    }
}
