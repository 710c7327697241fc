//! [`Manners`]: how a built-in upstream treats those who ask it.

use core::fmt;
use core::time::Duration;

/// The longest delay, in milliseconds: longer than anyone waits.
pub const DELAY_MAX_MS: u32 = 2000;

/// What an upstream does with queries. Delay and loss can be changed while it runs.
#[derive(Clone, Debug)]
pub struct Manners {
    name: &'static str,
    dead: bool,
    delay_ms: u32,
    loss_percent: u8,
    refuses_every: Option<u32>,
    asked: u32,
}

/// What becomes of one query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It is never heard of again.
    Lost,
    /// It is answered with REFUSED after so long.
    Refused(Duration),
    /// It is answered after so long.
    Answered(Duration),
}

impl Manners {
    /// One that has an address and never answers.
    pub const fn dead(name: &'static str) -> Manners {
        Manners { name, dead: true, delay_ms: 0, loss_percent: 0, refuses_every: None, asked: 0 }
    }

    /// One that answers after `delay_ms`.
    pub const fn alive(name: &'static str, delay_ms: u32) -> Manners {
        Manners { name, dead: false, delay_ms, loss_percent: 0, refuses_every: None, asked: 0 }
    }

    /// The same, but to every so many queries it says only REFUSED.
    pub const fn refusing_every(self, refuses_every: u32) -> Manners {
        Manners { refuses_every: Some(refuses_every), ..self }
    }

    /// What it is called by.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it never answers.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// How long it takes to answer, in milliseconds.
    pub fn delay_ms(&self) -> u32 {
        self.delay_ms
    }

    /// How many of a hundred queries it loses.
    pub fn loss_percent(&self) -> u8 {
        self.loss_percent
    }

    /// What becomes of the next query, of which `dice` (0 to 99, each as likely) says whether it is lost.
    pub fn next(&mut self, dice: u8) -> Treatment {
        if self.dead || dice < self.loss_percent {
            return Treatment::Lost;
        }
        self.asked = self.asked.wrapping_add(1);
        let delay = Duration::from_millis(self.delay_ms.into());
        let refuses = self.refuses_every.is_some_and(|every| self.asked.is_multiple_of(every));
        if refuses { Treatment::Refused(delay) } else { Treatment::Answered(delay) }
    }

    /// Changes what is given.
    ///
    /// # Errors
    ///
    /// Nothing is changed when a number is out of range.
    pub fn set(&mut self, delay_ms: Option<u32>, loss_percent: Option<u8>) -> Result<(), OutOfRange> {
        if delay_ms.is_some_and(|ms| ms > DELAY_MAX_MS) || loss_percent.is_some_and(|percent| percent > 100) {
            return Err(OutOfRange);
        }
        self.delay_ms = delay_ms.unwrap_or(self.delay_ms);
        self.loss_percent = loss_percent.unwrap_or(self.loss_percent);
        Ok(())
    }
}

/// `upstream-3 (5 ms, answers REFUSED to every fifth)`
impl fmt::Display for Manners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manners { name, delay_ms, .. } = self;
        match self.refuses_every {
            _ if self.dead => write!(f, "{name} (dead)"),
            None => write!(f, "{name} ({delay_ms} ms)"),
            Some(every) => write!(f, "{name} ({delay_ms} ms, answers REFUSED to every {})", Ordinal(every)),
        }
    }
}

/// A delay or a loss that no upstream can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "delay_ms is 0 to {DELAY_MAX_MS}, loss_percent 0 to 100")
    }
}

impl core::error::Error for OutOfRange {}

struct Ordinal(u32);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            5 => f.write_str("fifth"),
            n => write!(f, "{n}th"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Manners, OutOfRange, Treatment};
    use core::time::Duration;

    #[test]
    fn loss_is_by_dice_and_refusals_by_count() {
        let after = Duration::from_millis(5);
        let mut manners = Manners::alive("upstream", 5).refusing_every(2);
        manners.set(None, Some(10)).expect("10 % is a loss");
        let treated: Vec<Treatment> = [9, 10, 99, 0, 10].into_iter().map(|dice| manners.next(dice)).collect();
        let (answered, refused) = (Treatment::Answered(after), Treatment::Refused(after));
        assert_eq!(treated, [Treatment::Lost, answered, refused, Treatment::Lost, answered]);
        assert_eq!(Manners::dead("upstream").next(99), Treatment::Lost);
    }

    #[test]
    fn what_is_out_of_range_changes_nothing() {
        let mut manners = Manners::alive("upstream", 5);
        assert_eq!(manners.set(Some(2001), Some(0)), Err(OutOfRange));
        assert_eq!(manners.set(Some(1), Some(101)), Err(OutOfRange));
        assert_eq!((manners.delay_ms(), manners.loss_percent()), (5, 0));
        assert_eq!(manners.set(Some(2000), Some(100)), Ok(()));
        assert_eq!(manners.next(99), Treatment::Lost);
    }
}
