//! The daemon, asked by `dig`.

use crate::commands::native;
use crate::place::Place;
use crate::setup::Piece;
use crate::setup::apt::{self, Apt};
use crate::summary::Summary;

/// `dig`.
#[must_use]
pub(crate) fn needs() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Apt::needs(&[apt::DNSUTILS]))]
}

/// Runs the daemon's own tests.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    let step = native::demo_step(place, "daemon", "--test").arg(native::DAEMON_TEST).tests();
    summary.add(step.cure("`dig` must be there (apt-get install bind9-dnsutils); what failed stands above").run());
}
