//! Percent-encoding (RFC 3986, section 2.1).

/// The text that was encoded; `None` if that is none: a `%` without two hexadecimal digits, or bytes that are no UTF-8.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn only_whole_triplets_of_utf8_are_text() {
        assert_eq!(decode("/a%2Fb%2e%2E%c3%9F+").as_deref(), Some("/a/b..ß+"));
        for broken in ["%", "%a", "%zz", "%c3", "a%", "%+1", "%ff"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
