//! The examples for users of host-wasm, built by the commands that their `Cargo.toml` names: into `target/examples`, not in their place.

use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::place::Place;
use crate::setup::npm;
use crate::setup::wasm_target::{NAME, Route};
use crate::setup::wasm_tools::WasmTools;
use crate::step::Step;
use crate::summary::Summary;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const FOLDER: &str = "host-wasm/examples";

/// Where they are built.
#[must_use]
pub(crate) fn folder(place: &Place) -> PathBuf {
    place.target_for("examples")
}

/// Builds them: one with wasm-bindgen alone, one with vite. Whether both are there.
pub(crate) fn build(place: &Place, route: &Route, tools: &WasmTools, summary: &mut Summary) -> bool {
    let begin = Instant::now();
    let web = Outcome::of("example: wasm-bindgen --target web", web(place, route, tools), begin.elapsed());
    let begin = Instant::now();
    let vite = Outcome::of("example: vite", vite(place, route, tools), begin.elapsed());
    let are_there = web.passed() && vite.passed();
    summary.tell(web);
    summary.tell(vite);
    are_there
}

fn web(place: &Place, route: &Route, tools: &WasmTools) -> Result<(), Failure> {
    bind(place, route, tools, "web")?;
    copy(place, "web", "index.html")
}

fn vite(place: &Place, route: &Route, tools: &WasmTools) -> Result<(), Failure> {
    let folder = npm::install(place, &format!("{FOLDER}/vite"), "examples/vite")?;
    bind(place, route, tools, "vite")?;
    copy(place, "vite", "index.html")?;
    copy(place, "vite", "main.js")?;
    let build = Step::new(place, "example: npm run build", "npm").words("run build").in_folder(&folder);
    build.cure("what vite says stands above").run().needed()
}

/// Compiles an example and makes its glue, in `target/examples/NAME/pkg`.
fn bind(place: &Place, route: &Route, tools: &WasmTools, name: &str) -> Result<(), Failure> {
    let package = format!("hamadryad-example-{name}");
    route.cargo(place, &format!("example: {name}"), "build --locked --release").words("-p").arg(&package).run().needed()?;
    let built = format!("{}.wasm", package.replace('-', "_"));
    Step::new(place, format!("example: {name}, its glue"), &tools.bindgen)
        .words("--target web --out-dir")
        .arg(folder(place).join(name).join("pkg"))
        .arg(place.target_for("wasm").join(NAME).join("release").join(built))
        .run()
        .needed()
}

fn copy(place: &Place, example: &str, file: &str) -> Result<(), Failure> {
    let within = Path::new(example).join(file);
    let from = place.root().join(FOLDER).join(&within);
    let copied = fs::copy(&from, folder(place).join(&within));
    copied.map(drop).map_err(|error| Failure::new(format!("{}: {error}", from.display())).cure("git checkout that file"))
}
