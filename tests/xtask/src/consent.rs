//! Asking before anything is installed outside of the target folder.

use crate::failure::Failure;
use std::io::{IsTerminal, Write};

/// Whether the user is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consent {
    ask: bool,
}

impl Consent {
    /// Asks on a terminal; `--yes`, or no terminal, is a yes.
    #[must_use]
    pub(crate) fn new(yes: bool) -> Consent {
        Consent { ask: !yes && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() }
    }

    /// Announces the commands, all at once, and asks once.
    ///
    /// # Errors
    /// The user said no.
    pub(crate) fn to(self, commands: &[String]) -> Result<(), Failure> {
        println!("\nThis installs outside of target/, once:");
        for command in commands {
            println!("    {command}");
        }
        if !self.ask {
            return Ok(());
        }
        print!("Go ahead? [Y/n] ");
        let mut line = String::new();
        let read = std::io::stdout().flush().and_then(|()| std::io::stdin().read_line(&mut line));
        match (read, line.trim().to_lowercase().as_str()) {
            (Ok(1..), "" | "y" | "yes") => Ok(()),
            _ => Err(Failure::new("not installed: the answer was no").cure("run the commands above yourself, or say yes")),
        }
    }
}
