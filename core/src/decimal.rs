//! [`Decimal`]: a number in digits.

use core::fmt;

/// A number in decimal digits, without width, sign or fill: the library's own way to print one is 2 KB of a page, and every page can
/// tell of a failure.
pub(crate) struct Decimal(pub(crate) u64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let mut unit = 1;
        while self.0 / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            f.write_str(DIGITS[(self.0 / unit % 10) as usize])?;
            unit /= 10;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use alloc::string::ToString;

    #[test]
    fn it_prints_what_the_library_prints() {
        for number in [0, 1, 9, 10, 99, 100, 101, 1_000_000, 9_999_999_999, u64::MAX / 10, u64::MAX - 1, u64::MAX] {
            assert_eq!(Decimal(number).to_string(), number.to_string());
        }
    }
}
