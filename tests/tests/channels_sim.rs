//! The transports' suite on the simulated network.
#![cfg(not(target_family = "wasm"))]

use hamadryad_tests::{Blocking, SimWorld, channels, on_every_transport};

macro_rules! in_the_simulator {
    ($($test:ident)*) => { $(#[test] fn $test() { SimWorld::run(channels::$test); })* };
}

on_every_transport!(in_the_simulator);
