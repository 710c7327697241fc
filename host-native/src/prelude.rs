//! What most programs need: `use hamadryad_native::prelude::*;`.
//!
//! The core's prelude, what Linux adds to nodes, and the numbers of the signals (signal(7)): the standard ones as constants, the real-time
//! ones as `SIGRTMIN() + n`.

pub use crate::{NodeExt, RunError};
pub use hamadryad::prelude::*;
pub use libc::{
    SIGABRT, SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPIPE, SIGPROF, SIGPWR, SIGQUIT, SIGRTMAX, SIGRTMIN, SIGTERM, SIGTSTP,
    SIGTTIN, SIGTTOU, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};
