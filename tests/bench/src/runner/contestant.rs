//! Who takes part.

/// How a contestant's program comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `c/PROGRAM.c`, with the library that pkg-config or else the linker knows, from Debian's package.
    C { pkg_config: &'static str, link: &'static str, package: &'static str },
    /// The binary `contestant-PROGRAM`, with the feature of the same name.
    Rust,
}

/// One of those that are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// Its program: several contestants can be one program, told different things.
    pub(crate) program: &'static str,
    pub(crate) source: Source,
    /// What its program is told besides the workload.
    pub(crate) told: Option<&'static str>,
}

/// The name of the one that all others are compared to.
pub(crate) const OURS: &str = "hamadryad";

const fn c(program: &'static str, pkg_config: &'static str, link: &'static str, package: &'static str) -> Contestant {
    Contestant { name: program, program, source: Source::C { pkg_config, link, package }, told: None }
}

const fn rust(program: &'static str) -> Contestant {
    Contestant { name: program, program, source: Source::Rust, told: None }
}

const TEVENT: Contestant = c("tevent", "tevent talloc", "-ltevent -ltalloc", "libtevent-dev");

const ALL: [Contestant; 13] = [
    rust(OURS),
    c("talloc", "talloc", "-ltalloc", "libtalloc-dev"),
    c("malloc", "", "", ""),
    TEVENT,
    Contestant { name: "tevent_deadline", told: Some("deadline=1"), ..TEVENT },
    c("libev", "libev", "-lev", "libev-dev"),
    c("libevent", "libevent_core", "-levent_core", "libevent-dev"),
    c("libuv", "libuv", "-luv", "libuv1-dev"),
    c("epoll", "", "", ""),
    rust("tokio"),
    Contestant { name: "tokio_local", told: Some("local=1"), ..rust("tokio") },
    Contestant { name: "tokio_deadline", told: Some("deadline=1"), ..rust("tokio") },
    rust("smol"),
];

impl Contestant {
    /// The one of that name.
    pub(crate) fn named(name: &str) -> Self {
        ALL.into_iter().find(|contestant| contestant.name == name).expect("workloads name only contestants of the list")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::workload::{Group, Workload};

    #[test]
    fn every_contestant_that_a_workload_names_is_there_and_ours_is_first() {
        for workload in Workload::of(&Group::ALL) {
            assert_eq!(workload.contestants(true).next(), Some(OURS), "{}", workload.name);
            for name in workload.contestants(false) {
                assert_eq!(Contestant::named(name).name, name);
            }
        }
    }
}
