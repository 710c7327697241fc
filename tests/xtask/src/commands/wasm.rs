//! The tests in headless Chromium.

use crate::commands::native::{self, CAP};
use crate::environment::{self, Scratch};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::peer::Peer;
use crate::place::Place;
use crate::setup::Piece;
use crate::setup::apt::{self, Apt};
use crate::setup::wasm_target::{NAME, Route, WasmTarget};
use crate::setup::wasm_tools::WasmTools;
use crate::step::Step;
use crate::summary::Summary;
use std::path::PathBuf;
use std::time::Instant;

const PAGE: &str = "host-wasm/examples/driven_page.html";
const TESTS: [(&str, &str); 6] = [
    ("wasm: host, in a page", "-p hamadryad-wasm --test page"),
    ("wasm: host, in a worker", "-p hamadryad-wasm --test worker"),
    ("wasm: conformance, in a page", "-p hamadryad-tests --test laws_page"),
    ("wasm: transports, in a page", "-p hamadryad-tests --test channels_page"),
    ("wasm: random programs, in a page", "-p hamadryad-tests --test programs"),
    ("wasm: transports, in a worker", "-p hamadryad-tests --test channels_worker"),
];

/// The browser, its driver, and the compiler's target.
#[must_use]
pub(crate) fn needs() -> Vec<Box<dyn Piece>> {
    vec![Box::new(Apt::needs(&[apt::CHROMIUM, apt::CHROMIUM_DRIVER])), Box::new(WasmTarget)]
}

/// Runs the browser host's own tests, the conformance suite on it, and the page that panics.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    let begin = Instant::now();
    match Browser::prepare(place) {
        Ok(browser) => {
            // One step a test binary: each of them must have run something.
            for (name, tests) in TESTS {
                summary.add(browser.step(place, name, tests).run());
            }
            summary.add(browser.driven_page(place));
        }
        Err(failure) => summary.tell(Outcome::of("wasm", Err(failure), begin.elapsed())),
    }
}

/// All that runs a wasm test in the browser.
#[derive(Debug)]
struct Browser {
    route: Route,
    tools: WasmTools,
    driver: PathBuf,
    peer: Peer,
    scratch: Scratch,
}

impl Browser {
    fn prepare(place: &Place) -> Result<Browser, Failure> {
        let by_hand = "apt-get install --no-install-recommends chromium chromium-driver";
        let driver = environment::program("chromedriver").ok_or_else(|| Failure::new("there is no chromedriver").cure(by_hand))?;
        let route = Route::needed(place)?;
        let tools = WasmTools::build(place)?;
        Ok(Browser { route, tools, driver, peer: Peer::start(place)?, scratch: Scratch::new("browser")? })
    }

    fn step(&self, place: &Place, name: &str, packages: &str) -> Step {
        self.route
            .cargo(place, name, "test --no-fail-fast")
            .words(packages)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &self.tools.test_runner)
            .env("CHROMEDRIVER", &self.driver)
            // Read when the tests are compiled: a page has no environment.
            .env("HAMADRYAD_PEER", self.peer.address())
            // Seconds for a whole test binary, and for the browser to come up.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "180")
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
            // Each run of Chromium leaves 2 MB behind.
            .env("TMPDIR", self.scratch.path())
            .cap(CAP)
            .tests()
    }

    /// A page whose timer panics (law 8): built, bound, and driven from outside, since a panic ends what a test in it could tell.
    fn driven_page(&self, place: &Place) -> Outcome {
        let name = "wasm: a page whose timer panics";
        let folder = place.target_for("driven-page");
        let build = self.route.cargo(place, "wasm: the driven page", "build -p hamadryad-wasm --example driven_page").run();
        if !build.passed() {
            return build;
        }
        let bind = Step::new(place, "wasm: its glue", &self.tools.bindgen)
            .words("--target web --no-typescript --out-dir")
            .arg(&folder)
            .arg(place.target_for("wasm").join(NAME).join("debug/examples/driven_page.wasm"))
            .run();
        if !bind.passed() {
            return bind;
        }
        if let Err(error) = std::fs::copy(place.root().join(PAGE), folder.join("driven_page.html")) {
            return Outcome::of(name, Err(Failure::new(format!("{PAGE}: {error}")).cure("git checkout that file")), build.took);
        }
        native::step(place, name, "--test driven_page -- --ignored")
            .env("HAMADRYAD_DRIVEN_PAGE", &folder)
            .env("TMPDIR", self.scratch.path())
            .run()
    }
}
