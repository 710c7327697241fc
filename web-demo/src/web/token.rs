//! [`Token`]: what only those know who were shown the address.

use core::fmt;
use core::hint::black_box;

use hamadryad::AnyNode;

/// 128 random bits.
#[derive(Clone, Copy)]
pub struct Token([u8; 16]);

impl Token {
    /// A new one, from the host's randomness: natively the kernel's.
    pub fn random(node: AnyNode) -> Token {
        let mut bits = [0; 16];
        node.fill_random(&mut bits);
        Token(bits)
    }

    /// The one that is shown as these digits.
    pub fn parse(digits: &str) -> Option<Token> {
        if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut bits = [0; 16];
        for (bits, at) in bits.iter_mut().zip((0..).step_by(2)) {
            *bits = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
        }
        Some(Token(bits))
    }

    /// Whether that is what somebody says. How long this takes tells nothing of where the first wrong digit is.
    pub(super) fn is(&self, said: &str) -> bool {
        let digits = self.to_string();
        let differences = digits.bytes().zip(said.bytes()).fold(0, |sum, (ours, theirs)| black_box(sum | (ours ^ theirs)));
        digits.len() == said.len() && differences == 0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Not in any log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token([0xa5; 16]);
        let said = token.to_string();
        assert_eq!(said, "a5".repeat(16));
        assert!(token.is(&said));
        assert!(Token::parse(&said).is_some_and(|parsed| parsed.is(&said)));
        assert!(["", &said[1..], &format!("{said}0"), &"+5".repeat(16), &"ä".repeat(16)].iter().all(|no| Token::parse(no).is_none()));
        for wrong in ["", &said[1..], &format!("{said}0"), &said.replacen('a', "b", 1), &said.to_uppercase(), &"0".repeat(32)] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("a5"));
    }
}
