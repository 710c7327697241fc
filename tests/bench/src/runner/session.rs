//! One run of everything that was asked for.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use hamadryad_bench::{Cost, Outcome};

use super::{
    builder::Builder,
    contestant::{Contestant, OURS},
    figures::{Figure, Figures},
    instrument::Instrument,
    launch::launch,
    metric::Metric,
    options::Options,
    page,
    wasm_size::Size,
    workload::{Group, Workload},
};

/// What could not be measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) reason: String,
}

/// A contestant whose program is there.
#[derive(Debug)]
struct Entrant {
    name: &'static str,
    program: PathBuf,
    told: Option<&'static str>,
}

impl Entrant {
    fn told(&self, words: &[String]) -> Vec<String> {
        words.iter().cloned().chain(self.told.map(str::to_owned)).collect()
    }

    /// Runs the program by itself.
    fn run(&self, words: &[String]) -> Result<Outcome, String> {
        let mut command = Command::new(&self.program);
        command.args(self.told(words));
        Outcome::parse(&launch(command)?.stdout).map_err(|error| error.to_string())
    }
}

/// Measures, and keeps what came out.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    options: &'a Options,
    builder: Builder,
    instruments: Vec<Instrument>,
    figures: Figures,
    skipped: Vec<Skipped>,
}

impl<'a> Session<'a> {
    /// Looks for the tools.
    pub(crate) fn new(options: &'a Options) -> Self {
        let builder = Builder::new();
        let mut session = Self { options, builder, instruments: Vec::new(), figures: Figures::default(), skipped: Vec::new() };
        if options.groups.iter().any(|group| !matches!(group, Group::Wasm | Group::Size)) {
            session.find_instruments();
        }
        session
    }

    /// What came out.
    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// What could not be measured, and why.
    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Measures everything that was asked for.
    pub(crate) fn measure(&mut self) {
        for workload in Workload::of(&self.options.groups) {
            let mut entrants = self.entrants(workload);
            self.time(workload, &mut entrants);
            self.count(workload, &entrants);
            self.weigh(workload, &entrants);
        }
        if self.options.groups.contains(&Group::Wasm) {
            self.measure_page();
        }
        if self.options.groups.contains(&Group::Size) {
            for size in Size::all(self.options.quick) {
                match size.measure(self.builder.target()) {
                    Ok(bytes) => self.add(size.name, OURS, Metric::Bytes, bytes as f64),
                    Err(reason) => self.skip(size.name.to_owned(), reason),
                }
            }
        }
    }

    /// What is measured in the browser; its contestants take their turns there.
    fn measure_page(&mut self) {
        match page::measure(self.builder.target(), self.options.quick) {
            Ok((mut rounds, skipped)) => {
                for (workload, contestants) in page::WORKLOADS {
                    for contestant in *contestants {
                        self.figures.add_rounds(workload, contestant, rounds.remove(&(*workload, *contestant)).unwrap_or_default());
                    }
                }
                skipped.into_iter().for_each(|Skipped { what, reason }| self.skip(what, reason));
            }
            Err(reason) => self.skip("wasm".to_owned(), reason),
        }
    }

    fn find_instruments(&mut self) {
        let strace_file = self.builder.target().join(format!("strace-{}", std::process::id()));
        for (instrument, tool) in [(Instrument::Cachegrind, "valgrind"), (Instrument::Strace(strace_file), "strace")] {
            let mut version = Command::new(tool);
            version.arg("--version");
            match launch(version) {
                Ok(_) => self.instruments.push(instrument),
                Err(reason) => self.skip(instrument.metric().name().to_owned(), format!("{reason} (cure: apt-get install {tool})")),
            }
        }
        match self.builder.heap_library() {
            Ok(library) => self.instruments.push(Instrument::Heap(library)),
            Err(reason) => self.skip(Metric::Allocations.name().to_owned(), reason),
        }
    }

    /// Those that can be built; one that cannot is named once.
    fn entrants(&mut self, workload: Workload) -> Vec<Entrant> {
        let mut entrants = Vec::new();
        for name in workload.contestants(self.options.quick) {
            let contestant = Contestant::named(name);
            match self.builder.program(contestant) {
                Ok(program) => entrants.push(Entrant { name: contestant.name, program, told: contestant.told }),
                Err(reason) => self.skip(contestant.program.to_owned(), reason),
            }
        }
        entrants
    }

    /// Times them in rounds, in which they take turns, each round begun by another. Who fails, or does not do the work, is out.
    fn time(&mut self, workload: Workload, entrants: &mut Vec<Entrant>) {
        let (words, repeats) = (workload.timed(self.options.quick), workload.repeats(self.options.quick));
        let names: Vec<_> = entrants.iter().map(|entrant| entrant.name).collect();
        eprintln!("{}: {repeats} rounds of {} ...", workload.name, names.join(", "));
        let mut times = vec![Vec::with_capacity(repeats); entrants.len()];
        let mut failures: Vec<Option<String>> = vec![None; entrants.len()];
        for round in 0..repeats {
            for turn in 0..entrants.len() {
                let index = (round + turn) % entrants.len();
                if failures[index].is_some() {
                    continue;
                }
                match entrants[index].run(&words) {
                    Ok(Outcome { ops, cost: Cost::Time(spent), .. }) => times[index].push(spent.cpu_ns as f64 / ops as f64),
                    Ok(_) => failures[index] = Some("it gave bytes, not time".to_owned()),
                    Err(reason) => failures[index] = Some(reason),
                }
            }
        }
        let mut failures = failures.into_iter();
        let mut times = times.into_iter();
        entrants.retain(|entrant| {
            let (failure, times) = (failures.next().flatten(), times.next().unwrap_or_default());
            match failure {
                None => self.figures.add_rounds(workload.name, entrant.name, times),
                Some(ref reason) => {
                    self.skipped.push(Skipped { what: format!("{} at {}", entrant.name, workload.name), reason: reason.clone() })
                }
            }
            failure.is_none()
        });
    }

    fn count(&mut self, workload: Workload, entrants: &[Entrant]) {
        let Some(runs) = workload.counted(self.options.quick) else { return };
        eprintln!("{}: counting ...", workload.name);
        for entrant in entrants {
            for index in 0..self.instruments.len() {
                let instrument = &self.instruments[index];
                let metric = instrument.metric();
                match instrument.count(&entrant.program, &runs.each_ref().map(|words| entrant.told(words))) {
                    Ok(value) => self.add(workload.name, entrant.name, metric, value),
                    Err(reason) => self.skip(format!("{} of {} at {}", metric.name(), entrant.name, workload.name), reason),
                }
            }
        }
        for instrument in &self.instruments {
            if let Instrument::Strace(file) = instrument {
                remove(file);
            }
        }
    }

    fn weigh(&mut self, workload: Workload, entrants: &[Entrant]) {
        let Some(words) = workload.held() else { return };
        for entrant in entrants {
            match entrant.run(&words) {
                Ok(Outcome { ops, cost: Cost::Bytes(bytes), .. }) => {
                    self.add(workload.name, entrant.name, Metric::Bytes, bytes as f64 / ops as f64);
                }
                Ok(_) => self.skip(format!("bytes of {} at {}", entrant.name, workload.name), "it gave time, not bytes".to_owned()),
                Err(reason) => self.skip(format!("bytes of {} at {}", entrant.name, workload.name), reason),
            }
        }
    }

    fn add(&mut self, workload: &'static str, contestant: &'static str, metric: Metric, value: f64) {
        self.figures.add(Figure { workload, contestant, metric, value });
    }

    fn skip(&mut self, what: String, reason: String) {
        let skipped = Skipped { what, reason };
        if !self.skipped.contains(&skipped) {
            eprintln!("skipping {}: {}", skipped.what, skipped.reason);
            self.skipped.push(skipped);
        }
    }
}

/// A file that is not there any more is no matter.
fn remove(file: &Path) {
    let _ = std::fs::remove_file(file);
}
