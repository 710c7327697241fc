//! [`add_decimal`]: a number in digits.

use alloc::string::String;

/// Adds a number in decimal digits to a text, for programs that have to be small: the standard library's own way to print one is 2 KB of a
/// page, and every page can tell of a failure.
///
/// ```
/// let mut text = String::from("closed with code ");
/// hamadryad::add_decimal(1006, &mut text);
/// assert_eq!(text, "closed with code 1006");
/// ```
pub fn add_decimal(number: u64, text: &mut String) {
    add_digits(number, 10, text);
}

/// Adds a number in digits of a base, 16 at most.
pub(crate) fn add_digits(number: u64, base: u64, text: &mut String) {
    const DIGITS: &str = "0123456789abcdef";
    let mut unit = 1;
    while number / unit >= base {
        unit *= base;
    }
    while unit > 0 {
        let digit = (number / unit % base) as usize;
        text.push_str(DIGITS.get(digit..digit + 1).unwrap_or_default());
        unit /= base;
    }
}

#[cfg(test)]
mod tests {
    use super::add_decimal;
    use alloc::string::{String, ToString};

    #[test]
    fn it_prints_what_the_library_prints() {
        for number in [0, 1, 9, 10, 99, 100, 101, 1_000_000, 9_999_999_999, u64::MAX / 10, u64::MAX - 1, u64::MAX] {
            let mut text = String::new();
            add_decimal(number, &mut text);
            assert_eq!(text, number.to_string());
        }
    }
}
