//! One command that xtask runs: told, timed, capped, counted.

use crate::environment;
use crate::failure::Failure;
use crate::outcome::{Outcome, Verdict};
use crate::place::Place;
use crate::processes;
use crate::tally::Tally;
use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// A command with a name, and what to say when it fails.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    name: String,
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
    folder: PathBuf,
    cap: Option<Duration>,
    cure: Option<String>,
    output: Output,
}

/// What a step prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// Anything; it goes to the terminal as it is.
    Plain,
    /// A test runner's, to be counted.
    Tests,
    /// The same, and none at all is fine.
    TestsIfAny,
}

impl Step {
    /// A step that runs `program` in the root of the checkout.
    #[must_use]
    pub(crate) fn new(place: &Place, name: impl Into<String>, program: impl AsRef<OsStr>) -> Step {
        Step {
            name: name.into(),
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: place.root().to_path_buf(),
            cap: None,
            cure: None,
            output: Output::Plain,
        }
    }

    /// A cargo call; `words` are separated by blanks.
    #[must_use]
    pub(crate) fn cargo(place: &Place, name: impl Into<String>, words: &str) -> Step {
        Step::new(place, name, "cargo").words(words)
    }

    /// Adds the arguments in `words`, separated by blanks.
    #[must_use]
    pub(crate) fn words(self, words: &str) -> Step {
        words.split_whitespace().fold(self, Step::arg)
    }

    /// Adds one argument, whatever it holds.
    #[must_use]
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Step {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// The same step under another name, as a build without a run.
    #[must_use]
    pub(crate) fn built_only(mut self) -> Step {
        // What stands behind the dashes is the tests' own.
        let end = self.arguments.iter().position(|argument| argument == "--").unwrap_or(self.arguments.len());
        self.arguments.truncate(end);
        let name = format!("{}: build", self.name);
        Step { name, output: Output::Plain, ..self.arg("--no-run") }
    }

    /// Sets an environment variable.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Step {
        self.variables.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Kills the command, and what it started, when it takes longer; it has failed then.
    #[must_use]
    pub(crate) fn cap(self, cap: Duration) -> Step {
        Step { cap: Some(cap), ..self }
    }

    /// What the user can do when it fails.
    #[must_use]
    pub(crate) fn cure(self, cure: impl Into<String>) -> Step {
        Step { cure: Some(cure.into()), ..self }
    }

    /// Its output is a test runner's: it is counted, and a run of no tests is a failure. (A runner that does not know a target runs
    /// nothing and is content.)
    #[must_use]
    pub(crate) fn tests(self) -> Step {
        Step { output: Output::Tests, ..self }
    }

    /// The same, for tests that need not be there.
    #[must_use]
    pub(crate) fn tests_if_any(self) -> Step {
        Step { output: Output::TestsIfAny, ..self }
    }

    /// Runs in this folder.
    #[must_use]
    pub(crate) fn in_folder(self, folder: &Path) -> Step {
        Step { folder: folder.to_owned(), ..self }
    }

    /// Runs in the folder that the user is in, for a program that takes names of files from him.
    #[must_use]
    pub(crate) fn where_the_user_is(mut self) -> Step {
        if let Ok(here) = std::env::current_dir() {
            self.folder = here;
        }
        self
    }

    /// The command as one would type it.
    #[must_use]
    pub(crate) fn typed(&self) -> String {
        let variables = self.variables.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        let words = std::iter::once(&self.program).chain(&self.arguments).map(|word| quoted(word));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Runs it with the terminal to itself.
    #[must_use]
    pub(crate) fn run(self) -> Outcome {
        println!("\n==> {}\n    $ {}", self.name, self.typed());
        let outcome = self.execute(None);
        tell(&outcome);
        outcome
    }

    /// Runs the steps at the same time. Each line of output begins with its step's name.
    #[must_use]
    pub(crate) fn run_together(steps: Vec<Step>) -> Vec<Outcome> {
        for step in &steps {
            println!("\n==> {}\n    $ {}", step.name, step.typed());
        }
        let outcomes: Vec<Outcome> = thread::scope(|scope| {
            let running: Vec<_> = steps.iter().map(|step| scope.spawn(|| step.execute(Some(&step.name)))).collect();
            running.into_iter().map(|thread| thread.join().expect("a step's thread does not panic: it reports")).collect()
        });
        outcomes.iter().for_each(tell);
        outcomes
    }

    fn execute(&self, label: Option<&str>) -> Outcome {
        let begin = Instant::now();
        let (verdict, tally) = match self.spawn(label.is_some()) {
            Ok(child) => self.follow(child, label),
            Err(error) => {
                let failure = Failure::new(format!("`{}` cannot be started: {error}", self.program.to_string_lossy()));
                (Verdict::Failed(self.cured(failure)), Tally::default())
            }
        };
        Outcome { name: self.name.clone(), verdict, took: begin.elapsed(), tally }
    }

    fn spawn(&self, labelled: bool) -> std::io::Result<Child> {
        let mut command: Command = environment::command(&self.program);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value))).current_dir(&self.folder);
        // Nothing that xtask runs may wait for an answer: the user was asked before.
        command.stdin(Stdio::null());
        if self.output != Output::Plain || labelled {
            command.stdout(Stdio::piped());
        }
        if labelled {
            command.stderr(Stdio::piped());
        }
        command.spawn()
    }

    fn follow(&self, mut child: Child, label: Option<&str>) -> (Verdict, Tally) {
        let pid = child.id();
        let (ended, waits) = mpsc::channel::<()>();
        thread::scope(|scope| {
            let out = child.stdout.take().map(|out| scope.spawn(move || echo(out, std::io::stdout(), label)));
            let err = child.stderr.take().map(|err| scope.spawn(move || echo(err, std::io::stderr(), label)));
            let watch = self.cap.map(|cap| scope.spawn(move || is_over(&waits, cap, pid)));
            // The pipes first: they end when the last process that writes to them has ended, and none is left to kill then.
            let tally = out.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
            if let Some(thread) = err {
                let _ = thread.join();
            }
            let status = child.wait();
            drop(ended);
            let over = watch.is_some_and(|thread| thread.join().unwrap_or(false));
            (self.verdict(status, over, tally), tally)
        })
    }

    fn verdict(&self, status: std::io::Result<ExitStatus>, over: bool, tally: Tally) -> Verdict {
        let failure = match status {
            _ if over => Failure::new(format!("killed: it took longer than {:?}", self.cap.unwrap_or_default())),
            Ok(status) if status.success() && self.output == Output::Tests && tally.is_empty() => {
                Failure::new("no test ran, although the command says that all is well")
            }
            Ok(status) if status.success() => return Verdict::Passed,
            Ok(status) if tally.failed > 0 => Failure::new(format!("{} of its tests failed ({status})", tally.failed)),
            Ok(status) => Failure::new(format!("`{}` ended with {status}", self.program.to_string_lossy())),
            Err(error) => Failure::new(format!("its end was not seen: {error}")),
        };
        Verdict::Failed(self.cured(failure))
    }

    fn cured(&self, failure: Failure) -> Failure {
        match &self.cure {
            Some(cure) => failure.cure(cure.clone()),
            None => failure.cure(format!("read its output above; by hand: {}", self.typed())),
        }
    }
}

/// Waits for the end of the process; kills it when that does not come in time.
fn is_over(waits: &mpsc::Receiver<()>, cap: Duration, pid: u32) -> bool {
    match waits.recv_timeout(cap) {
        Err(mpsc::RecvTimeoutError::Timeout) => {
            processes::kill_tree(pid);
            true
        }
        _ => false,
    }
}

/// Passes lines on and counts the tests that they tell of.
fn echo(from: impl Read, mut to: impl Write, label: Option<&str>) -> Tally {
    let mut tally = Tally::default();
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|len| len > 0) {
        tally += Tally::of_line(&String::from_utf8_lossy(&line));
        if let Some(label) = label {
            line.splice(0..0, format!("[{label}] ").into_bytes());
        }
        // A closed pipe behind us (`| head`) is no reason to lose the count.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        line.clear();
    }
    tally
}

/// Says how a step ended.
pub(crate) fn tell(outcome: &Outcome) {
    let seconds = outcome.took.as_secs_f64();
    let tests = if outcome.tally.is_empty() { String::new() } else { format!(", {} tests passed", outcome.tally.passed) };
    match &outcome.verdict {
        Verdict::Passed => println!("    ok: {} ({seconds:.1} s{tests})", outcome.name),
        Verdict::Failed(failure) => println!("    FAILED: {} ({seconds:.1} s): {failure}", outcome.name),
        Verdict::Skipped(reason) => println!("    skipped: {}: {reason}", outcome.name),
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::find().expect("the tests run in the checkout")
    }

    #[test]
    fn what_is_typed_can_be_pasted() {
        let step = Step::new(&place(), "x", "sh").env("A", "b c").words("-c").arg("echo it's");
        assert_eq!(step.typed(), "A='b c' sh -c 'echo it'\\''s'");
    }

    #[test]
    fn a_build_leaves_the_tests_arguments_out() {
        let step = Step::cargo(&place(), "x", "test --lib -- a b");
        assert_eq!(step.built_only().typed(), "cargo test --lib --no-run");
    }

    #[test]
    fn tests_are_counted_and_none_is_a_failure() {
        // With a label: whoever runs this test counts lines, too.
        let printing = |text: &str| Step::new(&place(), "x", "echo").arg(text).tests().execute(Some("x"));
        let counted = printing("test result: ok. 2 passed; 0 failed");
        assert!(counted.passed());
        assert_eq!(counted.tally, Tally { passed: 2, failed: 0 });
        assert!(!printing("test result: ok. 0 passed; 0 failed").passed());
    }

    #[test]
    fn what_takes_too_long_is_killed() {
        let step = Step::new(&place(), "x", "sh").arg("-c").arg("tail -f /dev/null; true").cap(Duration::from_millis(1));
        let Verdict::Failed(failure) = step.run().verdict else { panic!("it ended by itself") };
        assert!(failure.to_string().contains("killed"));
    }

    #[test]
    fn steps_run_together_in_their_order() {
        let steps = ["one", "two"].map(|name| Step::new(&place(), name, "echo").arg(name));
        let names: Vec<String> = Step::run_together(steps.to_vec()).into_iter().map(|outcome| outcome.name).collect();
        assert_eq!(names, ["one", "two"]);
    }
}
