//! What the command line asks for.

use crate::commands::demo::BESIDE;
use crate::failure::Failure;
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::path::PathBuf;

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// What to do.
    pub(crate) task: Task,
    /// Whether `--yes` was given: install without asking.
    pub(crate) yes: bool,
}

/// One command of xtask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Build the daemon and run it with these arguments, then its page, and open that on a desktop if `open`.
    Demo { open: bool, daemon: Vec<OsString> },
    /// Build the page.
    Page,
    /// The same while the daemon runs, whose address will be in a file: what `demo` starts. Nobody types this.
    PageBeside { detach: bool, open: bool, address: PathBuf },
    /// Run these parts of the tests.
    Test { parts: Vec<Part> },
    /// Everything that has to pass before a change is taken.
    Ci,
    /// Measure; the arguments are the bench's own.
    Bench { arguments: Vec<OsString> },
    /// Explain the commands.
    Help,
}

/// A part of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Unit, simulator, epoll and doc tests.
    Native,
    /// The same laws in headless Chromium.
    Wasm,
    /// The daemon, asked by `dig`.
    Daemon,
    /// The page in headless Chromium, against the daemon.
    Page,
    /// loom, Miri, AddressSanitizer and valgrind.
    Sanitize,
}

impl Part {
    /// What plain `cargo xtask test` runs.
    pub(crate) const USUAL: [Part; 4] = [Part::Native, Part::Wasm, Part::Daemon, Part::Page];

    fn parse(word: &str) -> Result<Part, Failure> {
        match word {
            "native" => Ok(Part::Native),
            "wasm" => Ok(Part::Wasm),
            "daemon" => Ok(Part::Daemon),
            "page" => Ok(Part::Page),
            "sanitize" => Ok(Part::Sanitize),
            _ => Err(Failure::new(format!("there are no tests named \"{word}\""))
                .cure("cargo xtask test [native] [wasm] [daemon] [page] [sanitize]; without a name: all but sanitize")),
        }
    }
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// A word that is not known, or one too many; the message names the usage.
    pub(crate) fn parse(mut parser: Parser) -> Result<Arguments, Failure> {
        let (mut yes, mut open, mut detach) = (false, true, false);
        let mut command: Option<String> = None;
        let mut words: Vec<String> = Vec::new();
        let mut passed_on: Vec<OsString> = Vec::new();
        while let Some(argument) = parser.next().map_err(unreadable)? {
            match argument {
                Arg::Short('y') | Arg::Long("yes") => yes = true,
                Arg::Short('h') | Arg::Long("help") => return Ok(Arguments { task: Task::Help, yes }),
                Arg::Long("no-open") if matches!(command.as_deref(), Some("demo" | BESIDE)) => open = false,
                Arg::Long("detach") if command.as_deref() == Some(BESIDE) => detach = true,
                Arg::Value(word) if command.is_none() => command = Some(word.string().map_err(unreadable)?),
                Arg::Value(word) if command.as_deref() == Some("bench") => passed_on.push(word),
                Arg::Value(word) => words.push(word.string().map_err(unreadable)?),
                Arg::Long(name) if command.as_deref() == Some("bench") => {
                    passed_on.push(format!("--{name}").into());
                    passed_on.extend(parser.optional_value());
                }
                other => return Err(usage(format!("{} is not known", shown(&other)))),
            }
            // The rest belongs to the daemon (or the bench), whatever it looks like.
            if matches!(command.as_deref(), Some("demo" | "bench" | BESIDE)) {
                passed_on.extend(rest_after_dashes(&mut parser));
            }
        }
        let task = match task(command.as_deref(), &words, passed_on)? {
            Task::Demo { daemon, .. } => Task::Demo { open, daemon },
            Task::PageBeside { address, .. } => Task::PageBeside { detach, open, address },
            task => task,
        };
        Ok(Arguments { task, yes })
    }
}

fn task(command: Option<&str>, words: &[String], passed_on: Vec<OsString>) -> Result<Task, Failure> {
    let no_words = |task: Task| match words.first() {
        None => Ok(task),
        Some(word) => Err(usage(format!("\"{word}\" is one word too many"))),
    };
    match command {
        Some("demo") => match words.first() {
            None => Ok(Task::Demo { open: true, daemon: passed_on }),
            Some(word) => Err(usage(format!("\"{word}\" is one word too many; what is for the daemon stands behind --"))),
        },
        Some("test") if words.is_empty() => Ok(Task::Test { parts: Part::USUAL.to_vec() }),
        Some("test") => Ok(Task::Test { parts: words.iter().map(|word| Part::parse(word)).collect::<Result<_, _>>()? }),
        Some("page") => no_words(Task::Page),
        Some(BESIDE) => {
            let address = passed_on.first().map(PathBuf::from).unwrap_or_default();
            no_words(Task::PageBeside { detach: false, open: true, address })
        }
        Some("ci") => no_words(Task::Ci),
        Some("bench") => Ok(Task::Bench { arguments: passed_on }),
        Some("help") | None => Ok(Task::Help),
        Some(other) => Err(usage(format!("there is no command \"{other}\""))),
    }
}

/// What stands behind `--`, if that comes next.
fn rest_after_dashes(parser: &mut Parser) -> Vec<OsString> {
    let Some(raw) = parser.try_raw_args() else { return Vec::new() };
    if raw.peek().is_some_and(|next| next == "--") { raw.skip(1).collect() } else { Vec::new() }
}

fn shown(argument: &Arg<'_>) -> String {
    match argument {
        Arg::Short(letter) => format!("-{letter}"),
        Arg::Long(name) => format!("--{name}"),
        Arg::Value(word) => word.to_string_lossy().into_owned(),
    }
}

fn unreadable(error: lexopt::Error) -> Failure {
    usage(error.to_string())
}

fn usage(what: String) -> Failure {
    Failure::new(what).cure("cargo xtask demo | page | test [native|wasm|daemon|page|sanitize] | ci | bench [names…] [--json FILE] | help")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, Failure> {
        Arguments::parse(Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn the_daemons_arguments_stand_behind_the_dashes() {
        let arguments = parsed("--yes demo -- --listen 127.0.0.1:5301 --yes").unwrap();
        assert_eq!(
            arguments,
            Arguments {
                task: Task::Demo { open: true, daemon: ["--listen", "127.0.0.1:5301", "--yes"].map(OsString::from).to_vec() },
                yes: true
            }
        );
        assert_eq!(parsed("demo --no-open").unwrap().task, Task::Demo { open: false, daemon: Vec::new() });
        assert_eq!(parsed("demo -- --no-open").unwrap().task, Task::Demo { open: true, daemon: vec!["--no-open".into()] });
        assert!(parsed("demo --listen 127.0.0.1:5301").unwrap_err().to_string().contains("--listen"));
    }

    #[test]
    fn test_takes_parts() {
        assert_eq!(parsed("test").unwrap().task, Task::Test { parts: Part::USUAL.to_vec() });
        assert_eq!(
            parsed("test sanitize native -y").unwrap(),
            Arguments { task: Task::Test { parts: vec![Part::Sanitize, Part::Native] }, yes: true }
        );
        assert!(parsed("test windows").unwrap_err().to_string().contains("[native] [wasm]"));
    }

    #[test]
    fn bench_passes_its_own_arguments_on() {
        let arguments = parsed("bench node tree --json out.json --yes").unwrap();
        assert_eq!(
            arguments,
            Arguments { task: Task::Bench { arguments: ["node", "tree", "--json", "out.json"].map(OsString::from).to_vec() }, yes: true }
        );
    }

    #[test]
    fn demo_starts_xtask_beside_itself() {
        let beside = |line| parsed(line).unwrap().task;
        let address = PathBuf::from("a/b");
        assert_eq!(
            beside("page-beside-the-daemon --detach -- a/b"),
            Task::PageBeside { detach: true, open: true, address: address.clone() }
        );
        assert_eq!(beside("page-beside-the-daemon --no-open -- a/b"), Task::PageBeside { detach: false, open: false, address });
        assert!(parsed("page --detach").is_err());
    }

    #[test]
    fn nothing_is_help_and_nonsense_is_told() {
        assert_eq!(parsed("").unwrap().task, Task::Help);
        assert_eq!(parsed("ci --help").unwrap().task, Task::Help);
        assert!(parsed("ci now").is_err());
        assert!(parsed("frobnicate").is_err());
    }
}
