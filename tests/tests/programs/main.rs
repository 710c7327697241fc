//! Random programs of requests, whose futures, hooks, values and callbacks do random deeds when they run, are called or are dropped.
//!
//! The same seed is the same run (law 27): whatever the slots' last tenants did with them in the runs before, and whether turns are whole
//! or in short. Nothing is lost, every value is dropped once, and the tree stays whole.
//!
//! `HAMADRYAD_PROGRAMS` sets the number of programs, `HAMADRYAD_PROGRAM` the seed of the first; a failure prints its seed.

mod deeds;
mod program;
mod script;

use hamadryad::{Deadlines, OnFailure, millis, sim::Sim};

use crate::program::Program;

#[cfg(target_family = "wasm")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const PROGRAMS: u64 = if cfg!(miri) { 12 } else { 3_000 };
/// Turns of one program: enough for requests to wait and to time out, few enough to be read.
const TURNS: u32 = 60;
/// More nodes than a program can make: whoever counts as many goes in a circle.
const NODES_MAX: usize = 5_000;

fn setting(name: &str, default: u64) -> u64 {
    let Ok(text) = std::env::var(name) else { return default };
    text.parse().unwrap_or_else(|error| panic!("{name}={text} is not a number: {error}"))
}

/// Which way a program's turns go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turns {
    Whole,
    /// In short, where nothing but woken requests is there.
    Short,
}

/// What is heard of the program of that seed.
fn run(seed: u64, turns: Turns) -> Vec<String> {
    let sim = Sim::seeded(seed);
    let program = Program::new(seed, sim.root());
    let teller = program.clone();
    sim.root().on_failure(move |failure| {
        let text = failure.text();
        teller.say(format_args!("failure: {}", text.rsplit(": ").next().unwrap_or(text)));
        OnFailure::Contain
    });
    let mut now = sim.root().now();
    for turn in 0..TURNS {
        program.act_from_outside();
        if program.below(3) == 0 {
            now = now + millis(program.below(3).into());
        }
        program.say(format_args!("turn {turn}"));
        let attended = sim.tree().attend();
        let in_short = if turns == Turns::Short { attended.turn_for_woken(now) } else { None };
        let done = in_short.unwrap_or_else(|| sim.tree().turn(now, Deadlines::Count));
        program.say(format_args!("pending: {}", done.pending));
        assert!(sim.root().descendants().take(NODES_MAX).count() < NODES_MAX, "seed {seed}: the tree is none any more");
    }
    program.say(sim.root().report().stable());
    program.let_go();
    drop(sim);
    assert_eq!(program.values_left(), 0, "seed {seed}: every value is dropped once");
    program.heard()
}

/// Panics of programs are scripted, and say nothing; what else panics does.
#[cfg(not(target_family = "wasm"))]
fn silence_scripted_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(program::PANIC) {
            tell(info);
        }
    }));
}

/// In a page nothing can be caught, so no program panics there.
#[cfg(target_family = "wasm")]
fn silence_scripted_panics() {}

#[cfg_attr(not(target_family = "wasm"), test)]
#[cfg_attr(target_family = "wasm", wasm_bindgen_test::wasm_bindgen_test)]
fn the_same_program_is_the_same_run() {
    silence_scripted_panics();
    let (programs, first) = (setting("HAMADRYAD_PROGRAMS", PROGRAMS), setting("HAMADRYAD_PROGRAM", 1));
    let mut lines = 0;
    for seed in first..first + programs {
        let heard = run(seed, Turns::Whole);
        lines += heard.len();
        for (what, other) in [("in short", run(seed, Turns::Short)), ("again", run(seed, Turns::Whole))] {
            if let Some(at) = (0..heard.len().max(other.len())).find(|at| heard.get(*at) != other.get(*at)) {
                let around = |lines: &[String]| lines[at.saturating_sub(8).min(lines.len())..(at + 3).min(lines.len())].join("\n  ");
                panic!("seed {seed}, {what}, line {at}:\n  {}\nwhere it was\n  {}", around(&other), around(&heard));
            }
        }
    }
    // Programs that end before they have done anything prove nothing.
    assert!(lines as u64 > 100 * programs, "{lines} lines of {programs} programs");
}
