//! What is measured in a page: ours beside `spawn_local` and JavaScript's own, in headless Chromium.
//!
//! ```text
//! runner ──► Chromium ──► tests/wasm-bench/page/bench.js ──► contestants in wasm and in JavaScript, in turns
//!   ▲                                  │
//!   └────────── POST /outcome ─────────┘   a line for each round of each
//! ```

mod browser;
mod peer;
mod server;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{builder::CRATE, contestant::OURS, session::Skipped, wasm};
use browser::Browser;
use peer::Peer;
use server::Server;

/// How long the page may take: ten times what it takes alone on two cores.
const LIMIT: Duration = Duration::from_secs(300);

/// The workloads, and who takes part, ours first. What each of them does says `bench.js`.
pub(crate) const WORKLOADS: &[(&str, &[&str])] = &[
    ("wasm_yield_one", &[OURS, "spawn_local"]),
    ("wasm_yield_1000", &[OURS, "spawn_local"]),
    ("wasm_timers_10000", &[OURS, "setTimeout"]),
    ("wasm_echo", &[OURS, "javascript"]),
];

/// Nanoseconds per operation of every round of a contestant.
type Rounds = BTreeMap<(&'static str, &'static str), Vec<f64>>;

/// Builds the page, runs it, and gives what it told; or why there is nothing.
pub(crate) fn measure(target: &Path, quick: bool) -> Result<(Rounds, Vec<Skipped>), String> {
    let folder = build(target)?;
    let peer = Peer::start(target)?;
    eprintln!("wasm: measuring in Chromium ...");
    let server = Server::start(&folder)?;
    let address = format!("http://{}/index.html?peer={}{}", server.address(), peer.address(), if quick { "&quick" } else { "" });
    let browser = Browser::open(&address, &target.join("wasm-bench/profile"))?;
    let told = server.outcome(LIMIT);
    drop(browser);
    read(&told?)
}

/// The page's folder: its files, and `pkg` with the module and its glue.
fn build(target: &Path) -> Result<PathBuf, String> {
    eprintln!("wasm: building tests/wasm-bench ...");
    let folder = target.join("wasm-bench");
    let built = wasm::build("wasm-bench", &folder)?;
    wasm::bind(&built, &folder.join("page/pkg"), "hamadryad_wasm_bench")?;
    for name in ["index.html", "bench.js"] {
        let from = Path::new(CRATE).join("../wasm-bench/page").join(name);
        std::fs::copy(&from, folder.join("page").join(name)).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    Ok(folder.join("page"))
}

/// The lines of `bench.js`: `WORKLOAD CONTESTANT NANOSECONDS`, and `failed WORKLOAD CONTESTANT REASON`.
fn read(told: &str) -> Result<(Rounds, Vec<Skipped>), String> {
    let (mut rounds, mut skipped) = (Rounds::new(), Vec::new());
    for line in told.lines() {
        if let Some(failure) = line.strip_prefix("failed ") {
            let mut words = failure.splitn(3, ' ');
            let (workload, contestant) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let reason = words.next().unwrap_or("it did not say why").to_owned();
            skipped.push(Skipped { what: format!("{contestant} at {workload}"), reason });
            continue;
        }
        let mut words = line.split(' ');
        let known = words.next().zip(words.next()).and_then(|(workload, contestant)| known(workload, contestant));
        let value = words.next().and_then(|word| word.parse().ok()).filter(|value: &f64| value.is_finite());
        let (Some(known), Some(value)) = (known, value) else { return Err(format!("the page told nonsense: {line}")) };
        rounds.entry(known).or_default().push(value);
    }
    // Who failed once is out: times of different rounds cannot be paired.
    rounds.retain(|(workload, contestant), _| !skipped.iter().any(|skipped| skipped.what == format!("{contestant} at {workload}")));
    Ok((rounds, skipped))
}

fn known(workload: &str, contestant: &str) -> Option<(&'static str, &'static str)> {
    let (workload, contestants) = WORKLOADS.iter().find(|(name, _)| *name == workload)?;
    Some((workload, contestants.iter().find(|name| **name == contestant)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_tells_becomes_rounds_and_who_failed_is_out() {
        let told = "wasm_yield_one hamadryad 210.5\nwasm_yield_one spawn_local 900\nwasm_yield_one hamadryad 190\n\
                    failed wasm_yield_one spawn_local Error: 3 were right, not 4";
        let (rounds, skipped) = read(told).unwrap();
        assert_eq!(rounds, Rounds::from([(("wasm_yield_one", OURS), vec![210.5, 190.0])]));
        let reason = "Error: 3 were right, not 4".to_owned();
        assert_eq!(skipped, [Skipped { what: "spawn_local at wasm_yield_one".to_owned(), reason }]);
    }

    #[test]
    fn nonsense_is_no_figure() {
        for told in ["wasm_yield_one nobody 1", "nothing hamadryad 1", "wasm_yield_one hamadryad NaN", "wasm_yield_one hamadryad"] {
            assert!(read(told).is_err(), "{told}");
        }
    }
}
