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
    let begin = Instant::now();
    summary.tell(Outcome::of("floor: nothing formats in the smallest page", no_formatting(&files), begin.elapsed()));
}

/// A `format!` on a way that every page has would be 1 KB of each, packed, and a number or a padded text 2 KB more. Whoever adds one does
/// not see that; so what is linked of it is found by name.
fn no_formatting(files: &[PathBuf]) -> Result<(), Failure> {
    for file in files {
        let bytes = std::fs::read(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        if let Some(name) = formatting_in(&bytes) {
            return Err(Failure::new(format!("{} has `{name}`: something in it formats", file.display()))
                .cure("build text with `push_str` and `add_decimal` where every page has it (`Ended::text` is one), not with `format!`"));
        }
    }
    Ok(())
}

/// A part of a function's name, as the compiler writes it into the file, that tells of the library's formatting.
fn formatting_in(wasm: &[u8]) -> Option<&'static str> {
    const NAMES: [&str; 3] = ["4core3fmt", "5alloc3fmt", "core..fmt.."];
    NAMES.into_iter().find(|name| wasm.windows(name.len()).any(|bytes| bytes == name.as_bytes()))
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

#[cfg(test)]
mod tests {
    use super::formatting_in;

    #[test]
    fn what_formats_is_found_by_its_name() {
        assert_eq!(formatting_in(b"\0_RNvNtCs5cOc02OMXlo_5alloc3fmt6format\0"), Some("5alloc3fmt"));
        assert_eq!(formatting_in(b"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"), Some("4core3fmt"));
        assert_eq!(formatting_in(b"_ZN5alloc6string6String8push_str17h0123456789abcdefE"), None);
    }
}
