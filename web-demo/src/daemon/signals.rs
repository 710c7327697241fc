//! What the daemon does when it is signalled.

use core::cell::Cell;
use core::fmt;
use std::rc::Rc;

use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Node, SigInfo, SignalError};

use super::{GRACE, Terminal};
use crate::service::Service;
use crate::web::Counts;

/// The first signal stops with grace, the second at once.
pub(super) fn stop_on_signals(root: AnyNode, clients: Node<Service>, terminal: Terminal) -> Result<(), SignalError> {
    clients.on_free(move |_| {
        terminal.say("stopped");
        root.free();
        Proceed
    });
    let stopping = Rc::new(Cell::new(false));
    for (signal, name) in [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")] {
        let stopping = stopping.clone();
        root.on_signal(signal, move |info| {
            if stopping.replace(true) {
                terminal.say(format_args!("{name} from {}: stopping at once", Asker(info)));
                root.free();
                return;
            }
            let (in_flight, grace) = (clients.with(Service::in_flight), GRACE.as_secs());
            terminal.say(format_args!(
                "{name} from {}: {in_flight} in flight, waiting for them for at most {grace} s; once more to stop at once",
                Asker(info)
            ));
            clients.shutdown(GRACE);
        })?;
    }
    Ok(())
}

/// SIGUSR1 shows what is alive, and those who serve what they have seen, in their labels.
pub(super) fn report_on_signal(root: AnyNode, clients: Node<Service>, web: Node<Counts>, terminal: Terminal) -> Result<(), SignalError> {
    root.on_signal(SIGUSR1, move |info| {
        let seen = clients.with(ToString::to_string);
        clients.label(seen);
        let seen = web.with(ToString::to_string);
        web.label(seen);
        let report = root.report().to_string();
        // An empty line ends it, for whoever reads it by machine.
        terminal.say(format_args!("report for {}:\nhamadryad-demo · {}\n", Asker(info), report.trim_end()));
    })?;
    Ok(())
}

/// Who sent a signal.
struct Asker<'a>(&'a SigInfo);

impl fmt::Display for Asker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.sender() {
            Some(sender) => write!(f, "pid {}", sender.pid),
            None => f.write_str("the kernel"),
        }
    }
}
