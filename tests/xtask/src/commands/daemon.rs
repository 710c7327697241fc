//! The daemon, asked by `dig`.

use crate::commands::native::CAP;
use crate::place::Place;
use crate::setup::Piece;
use crate::setup::apt::{self, Apt};
use crate::step::Step;
use crate::summary::Summary;

/// `dig`.
#[must_use]
pub(crate) fn needs() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Apt::needs(&[apt::DNSUTILS]))]
}

/// Runs the daemon's own tests.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    let step = Step::cargo(place, "daemon", "test --locked --no-fail-fast -p hamadryad-demo --test").arg("*");
    summary.add(step.cap(CAP).cure("`dig` must be there (apt-get install bind9-dnsutils); what failed stands above").tests().run());
}
