//! The floors: what core and the page must not need.

use crate::commands::wasm_imports;
use crate::environment;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::place::Place;
use crate::setup::bare_metal_target::{self, BareMetalTarget};
use crate::setup::wasm_target::{self, Route};
use crate::summary::Summary;
use std::path::PathBuf;
use std::time::Instant;

/// Builds core for bare metal and for the page, and looks at what the page's wasm asks of its surroundings.
pub(crate) fn run(place: &Place, summary: &mut Summary) {
    bare_metal(place, summary);
    match Route::needed(place) {
        Ok(route) => {
            core_for_the_page(place, &route, summary);
            page(place, &route, summary);
        }
        Err(failure) => summary.tell(Outcome::of("floor: page", Err(failure), std::time::Duration::ZERO)),
    }
}

/// No operating system, no 64-bit atomics.
fn bare_metal(place: &Place, summary: &mut Summary) {
    for (name, features) in [("floor: bare metal", ""), ("floor: bare metal, simulator, serde", "--features sim,serde")] {
        match BareMetalTarget::cargo(place, name, "build --locked -p hamadryad --no-default-features") {
            Ok(step) => summary.add(step.words(features).run()),
            Err(failure) => summary.tell(Outcome::skipped(name, format!("{}: {failure}", bare_metal_target::NAME))),
        }
    }
}

/// core with and without its features.
fn core_for_the_page(place: &Place, route: &Route, summary: &mut Summary) {
    for features in ["", "std", "sim", "serde", "std,sim,serde"] {
        let name = format!("floor: core for {}, features [{features}]", wasm_target::NAME);
        let step = route.cargo(place, &name, "build --locked -p hamadryad --no-default-features");
        summary.add(if features.is_empty() { step } else { step.words("--features").arg(features) }.run());
    }
}

/// The smallest page, as it is measured, imports from JavaScript what wasm-bindgen declares, and nothing from `env`: no C library, no
/// symbol left open.
fn page(place: &Place, route: &Route, summary: &mut Summary) {
    let folder = place.target_for("wasm-size");
    let built = route
        .cargo(place, "floor: the smallest page", "build --release --locked --manifest-path tests/wasm-size/Cargo.toml")
        .words("--target-dir")
        .arg(&folder)
        .cure("what cargo says stands above; a stale lock file: cargo update --workspace --manifest-path tests/wasm-size/Cargo.toml")
        .run();
    if !built.passed() {
        return summary.add(built);
    }
    let begin = Instant::now();
    let files = environment::files(folder.join(wasm_target::NAME).join("release"), ".wasm");
    summary.tell(Outcome::of("floor: the page imports nothing from `env`", no_import_from_env(&files), begin.elapsed()));
}

fn no_import_from_env(files: &[PathBuf]) -> Result<(), Failure> {
    if files.is_empty() {
        return Err(Failure::new("no wasm file was built").cure("a page or a test of hamadryad-wasm must link"));
    }
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        let imports = wasm_imports::of(&bytes).map_err(|error| Failure::new(format!("{}: {error}", file.display())).cure("cargo clean"))?;
        if let Some(import) = imports.iter().find(|import| import.module == "env") {
            return Err(Failure::new(format!("{} imports `{}` from `env`", file.display(), import.name))
                .cure("find who declares that symbol without wasm-bindgen (a C library, `extern \"C\"`), and do without it in the page"));
        }
    }
    Ok(())
}
