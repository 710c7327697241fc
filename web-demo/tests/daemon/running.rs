//! [`Running`]: the real daemon as a child process, on a port of its own.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::Site;
use rustix::process::{Pid, Signal, kill_process};

/// How long a test waits for what must come before it fails; a limit, never a delay.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hamadryad-demo");

/// A daemon that has told its address; killed on drop.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) site: Site,
    /// The lines up to the address and the pid.
    pub(crate) banner: String,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it on free ports of the loopback.
    pub(crate) fn start(arguments: &[&str]) -> Running {
        Running::start_as_told(&[&["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"], arguments].concat())
    }

    /// Starts it with these arguments and no others.
    pub(crate) fn start_as_told(arguments: &[&str]) -> Running {
        let mut child = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.contains("kill -USR1") {
            let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no banner, but:\n{banner}"));
            banner = banner + &line + "\n";
        }
        let after = |mark: &str| banner.split(mark).nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let page = after("http://");
        let (address, token) = page.split_once("/?token=").unwrap();
        let site = Site { address: address.parse().unwrap(), token: token.to_owned() };
        Running { child, address: after("udp ").parse().unwrap(), site, banner, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads on until a line has `part` in it.
    pub(crate) fn line_with(&self, part: &str) -> String {
        let mut others = String::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { panic!("no line with {part:?}, but:\n{others}") };
            if line.contains(part) {
                return line;
            }
            others = others + &line + "\n";
        }
    }

    /// What is alive now: the lines of the report that SIGUSR1 brings, first the one that says who asked.
    pub(crate) fn report(&self) -> Vec<String> {
        self.signal(Signal::USR1);
        let mut report = vec![self.line_with("report for")];
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.is_empty() => return report,
                Ok(line) => report.push(line),
                Err(_) => panic!("no end of the report: {report:#?}"),
            }
        }
    }

    /// How many nodes the report shows.
    pub(crate) fn nodes(&self) -> usize {
        self.report().len()
    }

    /// Asks for reports until one has `part` in it.
    pub(crate) fn report_with(&self, part: &str) -> Vec<String> {
        self.report_that(part, |report| report.iter().any(|line| line.contains(part)))
    }

    /// Asks for reports until one shows so many nodes: what ends by a short time-out is waited for.
    pub(crate) fn nodes_become(&self, nodes: usize) {
        self.report_that(&format!("{nodes} nodes"), |report| report.len() == nodes);
    }

    fn report_that(&self, what: &str, fits: impl Fn(&[String]) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let report = self.report();
            if fits(&report) {
                return report;
            }
            assert!(began.elapsed() < PATIENCE, "no report with {what:?}, but: {report:#?}");
        }
    }

    /// Waits for its end, and gives what it still told.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let mut told = String::new();
        let began = Instant::now();
        // Its end closes the pipe.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
            told = told + &line + "\n";
        }
        assert!(began.elapsed() < PATIENCE, "still running, told:\n{told}");
        (self.child.wait().unwrap(), told)
    }

    /// A socket that talks to the daemon and to nobody else.
    pub(crate) fn client(&self) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// The next answer that comes in on such a socket.
    pub(crate) fn receive(&self, client: &UdpSocket) -> Vec<u8> {
        let mut answer = vec![0; 65_535];
        loop {
            match client.recv(&mut answer) {
                Ok(len) => answer.truncate(len),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("no answer: {error}; the daemon told:\n{}", self.lines.try_iter().collect::<Vec<_>>().join("\n")),
            }
            return answer;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _has_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn lines_of(out: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// Runs the program to its end: exit code, standard output, standard error.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut child =
        Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut errors) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (child.wait().unwrap().code(), out, errors)
}
