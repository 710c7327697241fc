//! The command line.

use std::{fmt, path::PathBuf};

use super::workload::Group;

/// What `--help` says.
pub(crate) const HELP: &str = "\
hamadryad beside its peers: time, instructions, allocations, bytes and system calls per operation.

usage: hamadryad-bench [GROUP ...] [--quick] [--json FILE]

groups (all of them when none is named):
  tree        node, tree
  requests    request_now, request_yield, outstanding_1000
  timers      timers_1000 ... timers_1000000
  fds         fd_hop_100_1
  wasm        wasm_yield_one, wasm_yield_1000, wasm_timers_10000, wasm_echo: in Chromium, beside JavaScript's own
  size        size_wasm_core, size_wasm_socket, size_page, and what their parts add

  --quick     under a minute: fewer and shorter rounds, only the peers of the bars, nothing counted for 100,000 timers and more
  --json FILE write an array of {\"workload\", \"contestant\", \"metric\", \"value\"}
  --help      this

C peers need a C compiler and Debian's libtalloc-dev libtevent-dev libev-dev libevent-dev libuv1-dev; instructions are counted by
valgrind, system calls by strace; the page needs the target wasm32-unknown-unknown, wasm-bindgen and chromium. What is not there is skipped, and named with the reason.";

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Options {
    /// The groups of workloads to run.
    pub(crate) groups: Vec<Group>,
    /// Where the figures go.
    pub(crate) json: Option<PathBuf>,
    /// Whether less than a minute is to be spent.
    pub(crate) quick: bool,
}

/// Why a command line is not understood.
#[derive(Debug)]
pub(crate) enum OptionsError {
    HelpAsked,
    NoFile,
    Unknown(String),
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HelpAsked => f.write_str("help was asked for"),
            Self::NoFile => f.write_str("--json needs the name of a file"),
            Self::Unknown(word) => write!(f, "there is no option or group {word:?}"),
        }
    }
}

impl Options {
    /// Reads the words behind the program's name.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, OptionsError> {
        let mut options = Self { groups: Vec::new(), json: None, quick: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" | "help" => return Err(OptionsError::HelpAsked),
                "--quick" => options.quick = true,
                "--json" => options.json = Some(words.next().ok_or(OptionsError::NoFile)?.into()),
                _ => match (word.strip_prefix("--json="), Group::named(&word)) {
                    (Some(file), _) if !file.is_empty() => options.json = Some(file.into()),
                    (_, Some(group)) => options.groups.push(group),
                    _ => return Err(OptionsError::Unknown(word)),
                },
            }
        }
        if options.groups.is_empty() {
            options.groups.extend(Group::ALL);
        }
        Ok(options)
    }
}
