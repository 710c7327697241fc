//! Running a program to its end, or to the end of our patience.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a single run may take: the longest, a million timers under valgrind, takes a quarter of it.
const LIMIT: Duration = Duration::from_secs(120);
/// How often we look whether a run is over.
const PERIOD: Duration = Duration::from_millis(2);

/// What a program wrote.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `command`, and gives what it wrote, or why it is not to be used. Contestants and tools write less than a pipe holds.
pub(crate) fn launch(mut command: Command) -> Result<Written, String> {
    let program = name_of(&command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
    let begin = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begin.elapsed() < LIMIT => thread::sleep(PERIOD),
            Ok(None) => {
                // It is our child and not waited for, so this cannot hit another process.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{program} took more than {} s", LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("{program}: {error}")),
        }
    };
    let written = Written { stdout: rest_of(child.stdout), stderr: rest_of(child.stderr) };
    if status.success() { Ok(written) } else { Err(format!("{program} ended with {status}: {}", gist(&written.stderr))) }
}

/// The program's name, without the folder.
pub(crate) fn name_of(command: &Command) -> String {
    let path = Path::new(command.get_program());
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is in a pipe whose writer has ended; what cannot be read is not there.
fn rest_of(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The line of a program's complaints that says most: the first with `error` in it, or else the last.
pub(crate) fn gist(complaints: &str) -> String {
    let mut lines = complaints.lines().filter(|line| !line.trim().is_empty());
    let telling = lines.clone().find(|line| line.contains("error"));
    telling.or_else(|| lines.next_back()).unwrap_or("it did not say why").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_writes_comes_back_and_a_failure_is_told() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            launch(command)
        };
        assert_eq!(shell("echo out; echo err >&2").map(|written| (written.stdout, written.stderr)), Ok(("out\n".into(), "err\n".into())));
        let failure = shell("echo one; echo 'an error: two' >&2; echo three >&2; exit 3").expect_err("it ended with 3");
        assert!(failure.contains("an error: two") && failure.contains('3'), "{failure}");
        assert!(launch(Command::new("/no/such/program")).is_err());
    }
}
