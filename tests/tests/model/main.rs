//! The arena against a model: random operations, which do random operations in hooks, drops, loans and constructors, are done on a real
//! tree and on [`reference::Reference`], a page of plain code that says what the laws say. Every event and every result must be equal,
//! in order.
//!
//! `HAMADRYAD_MODEL_OPS` sets the number of operations, `HAMADRYAD_MODEL_SEED` the seed of the first run; a failure prints the seed of
//! its run, to be run alone.

mod event;
mod random;
mod real;
mod reference;
mod script;

use std::rc::Rc;

use hamadryad::{AnyNode, OnFailure, sim::Sim};

use crate::{event::Event, random::Random, real::Real, reference::Reference, script::Op};

/// Operations in all, nested ones included.
const OPS: u64 = if cfg!(miri) { 1_500 } else { 1_000_000 };
/// Operations of one run that nothing else does: enough to build something, few enough to be read.
const OPS_OF_A_RUN: usize = 40;

fn setting(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|error| panic!("{name}={text} is not a number: {error}"))
}

#[test]
fn random_operations_do_what_the_laws_say() {
    // Scripted panics are silent by themselves; what the tree itself refuses by a panic (`insert_with`) would fill the output.
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let refused = info.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("nothing can be made"));
        if !refused {
            tell(info);
        }
    }));
    let (ops, first) = (setting("HAMADRYAD_MODEL_OPS", OPS), setting("HAMADRYAD_MODEL_SEED", 1));
    let (mut done, mut seed, mut kinds) = (0, first, [0_u64; Event::KINDS]);
    let mut old: Vec<AnyNode> = Vec::new();
    while done < ops {
        let run = Run::new(seed);
        done += run.whole(&mut old, &mut kinds);
        seed += 1;
    }
    // A model that never meets a case proves nothing about it.
    if ops >= 100_000 {
        assert!(kinds.iter().all(|count| *count >= 100), "too rare: {kinds:?}");
    }
    println!("{done} operations in {} runs: {kinds:?}", seed - first);
}

/// One tree and its model.
struct Run {
    seed: u64,
    sim: Sim,
    real: Rc<Real>,
    reference: Reference,
    failures: Rc<std::cell::Cell<usize>>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let sim = Sim::seeded(seed);
        let failures = Rc::new(std::cell::Cell::new(0));
        let told = failures.clone();
        sim.root().on_failure(move |_| {
            told.set(told.get() + 1);
            OnFailure::Contain
        });
        Run { seed, real: Real::new(sim.root()), sim, reference: Reference::new(), failures }
    }

    /// Runs to the end of the tree; gives the number of operations done.
    fn whole(mut self, old: &mut Vec<AnyNode>, kinds: &mut [u64; Event::KINDS]) -> u64 {
        let mut random = Random::new(self.seed);
        for step in 0..OPS_OF_A_RUN {
            let op = Op::random(&mut random);
            self.real.act(op);
            self.reference.act(op);
            self.compare(step, op);
            if step % 8 == 7 {
                self.real.compare_shape(&self.reference, self.seed);
            }
        }
        self.real.compare_shape(&self.reference, self.seed);
        self.sim.settle();
        if self.reference.is_there(0) {
            assert_eq!(self.failures.get(), self.reference.panics, "seed {}: every panic is told once", self.seed);
        }
        drop(self.sim);
        self.reference.drop_tree();
        let (real, model) = (self.real.take_events(), self.reference.take_events());
        assert_eq!(real, model, "seed {}: at the end of the tree", self.seed);
        for event in real {
            kinds[event.kind()] += 1;
        }
        self.reference.assert_every_value_dropped_once(self.seed);
        self.real.assert_all_stale(self.seed);
        assert!(old.iter().all(|node| !node.is_alive() && node.parent().is_none()), "seed {}: an old handle lives", self.seed);
        old.truncate(200);
        old.insert(0, self.real.root());
        assert_eq!(self.real.ops(), self.reference.ops);
        self.reference.ops
    }

    fn compare(&mut self, step: usize, op: Op) {
        let (real, model) = (self.real.events_since_last(), self.reference.events_since_last());
        assert_eq!(real, model, "seed {}, step {step}: {op:?} (left: the tree, right: the model)", self.seed);
    }
}
