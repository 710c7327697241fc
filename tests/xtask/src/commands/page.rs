//! `cargo xtask page`: the demo's page, in `target/page`.
//!
//! ```text
//! web-demo/page ──cargo──► .wasm ──wasm-bindgen──► pkg/*.js, pkg/*_bg.wasm ──wasm-opt──► target/page/pkg
//! web-demo/page/www ───────────────────────────────────────────────────────────────────► target/page
//! ```
//!
//! The daemon reads that folder at each request, so each file is replaced as a whole, and only if it changed.

use crate::consent::Consent;
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::setup::wasm_target::{NAME, Route, WasmTarget};
use crate::setup::wasm_tools::WasmTools;
use crate::setup::{self, binaryen};
use crate::step::{self, Step};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

const PACKAGE: &str = "hamadryad-demo-page";
/// What cargo and wasm-bindgen name its files after.
const CRATE: &str = "hamadryad_demo_page";
const WWW: &str = "web-demo/page/www";

/// Builds it, as a command of its own.
///
/// # Errors
/// The user declined an installation, or it does not build.
pub(crate) fn run(place: &Place, consent: Consent) -> Result<ExitCode, Failure> {
    for outcome in setup::prepare(place, consent, &[&WasmTarget])? {
        step::tell(&outcome);
    }
    let folder = build(place)?;
    println!("\nThe page is in {}. `cargo xtask demo` serves it; any static file server does, too.", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// The folder where it is built.
#[must_use]
pub(crate) fn folder(place: &Place) -> PathBuf {
    place.target_for("page")
}

/// Builds it: a minute or two the first time, a second when nothing changed.
///
/// # Errors
/// The message of the step that failed.
pub(crate) fn build(place: &Place) -> Result<PathBuf, Failure> {
    let route = Route::needed(place)?;
    let built = compile(place, &route)?;
    let pkg = bind(place, &built)?;
    let folder = folder(place);
    replace_files(&pkg, &folder.join("pkg"))?;
    replace_files(&place.root().join(WWW), &folder)?;
    Ok(folder)
}

fn compile(place: &Place, route: &Route) -> Result<PathBuf, Failure> {
    let step = route.cargo(place, "the page", "build --locked --profile page").words("-p").arg(PACKAGE);
    step.cure("what the compiler says stands above").run().needed()?;
    Ok(place.target_for("wasm").join(NAME).join("page").join(format!("{CRATE}.wasm")))
}

/// Makes the glue, and the module small. Skipped when that was done with this very module.
fn bind(place: &Place, built: &Path) -> Result<PathBuf, Failure> {
    let work = place.target_for("page-build");
    let pkg = work.join("pkg");
    let tools = WasmTools::build(place)?;
    let wasm_opt = wasm_opt(place);
    let done = work.join("done");
    let wanted = format!("{} {} {}", identity(built)?, identity(&tools.bindgen)?, wasm_opt.as_ref().map_or("", |_| binaryen::PASSES));
    if fs::read_to_string(&done).is_ok_and(|done| done == wanted) {
        return Ok(pkg);
    }
    remove(&pkg)?;
    Step::new(place, "the page's glue (wasm-bindgen)", &tools.bindgen)
        .words("--target web --no-typescript --out-dir")
        .arg(&pkg)
        .arg(built)
        .run()
        .needed()?;
    if let Some(wasm_opt) = wasm_opt {
        let (bound, small) = (pkg.join(format!("{CRATE}_bg.wasm")), work.join("small.wasm"));
        binaryen::optimise(place, &wasm_opt, &bound, &small).run().needed()?;
        fs::rename(&small, &bound).map_err(|error| failed(&bound, &error))?;
    }
    fs::write(&done, wanted).map_err(|error| failed(&done, &error))?;
    Ok(pkg)
}

/// wasm-opt, if npm brings it: the page runs without, too.
fn wasm_opt(place: &Place) -> Option<PathBuf> {
    match binaryen::wasm_opt(place) {
        Ok(program) => Some(program),
        Err(failure) => {
            println!("    {failure}\n    without wasm-opt the page is a fifth larger");
            None
        }
    }
}

/// What tells a file from the one that was there before.
fn identity(file: &Path) -> Result<String, Failure> {
    let metadata = fs::metadata(file).map_err(|error| failed(file, &error))?;
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Ok(format!("{}:{}", metadata.len(), changed.as_nanos()))
}

/// Makes the files of `to` those of `from`. Folders in `to` stay.
fn replace_files(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| failed(to, &error))?;
    let files = environment::files(from, "").into_iter().filter(|file| file.is_file());
    let mut names: Vec<_> = files.filter_map(|file| Some(file.file_name()?.to_owned())).collect();
    names.sort_by_key(|name| name == "index.html"); // last: it asks for all the others
    if names.is_empty() {
        return Err(Failure::new(format!("there is nothing in {}", from.display())).cure("git checkout that folder"));
    }
    for name in &names {
        let (source, target) = (from.join(name), to.join(name));
        replace(&source, &target).map_err(|error| failed(&source, &error))?;
    }
    let old = environment::files(to, "").into_iter().filter(|file| file.is_file());
    for file in old.filter(|file| !file.file_name().is_some_and(|name| names.iter().any(|known| known == name))) {
        fs::remove_file(&file).map_err(|error| failed(&file, &error))?;
    }
    Ok(())
}

/// A reader finds the old file or the new one, never half of it.
fn replace(source: &Path, target: &Path) -> io::Result<()> {
    let bytes = fs::read(source)?;
    if fs::read(target).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let half = target.with_extension("half");
    fs::write(&half, bytes)?;
    fs::rename(&half, target)
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(folder, &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display())).cure("make target/ writable, or `cargo clean`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Scratch;

    #[test]
    fn the_files_become_those_of_the_other_folder() {
        let scratch = Scratch::new("page").unwrap();
        let (from, to) = (scratch.path().join("from"), scratch.path().join("to"));
        for folder in [&from, &to, &to.join("pkg")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(from.join("index.html"), "new").unwrap();
        fs::write(from.join("app.js"), "same").unwrap();
        fs::write(to.join("index.html"), "old").unwrap();
        fs::write(to.join("app.js"), "same").unwrap();
        fs::write(to.join("gone.js"), "old").unwrap();
        fs::write(to.join("pkg/page.js"), "another's").unwrap();
        let before = identity(&to.join("app.js")).unwrap();
        replace_files(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("index.html")).unwrap(), "new");
        assert_eq!(identity(&to.join("app.js")).unwrap(), before, "what is the same is not written");
        assert!(!to.join("gone.js").exists());
        assert!(to.join("pkg/page.js").exists());
        assert_eq!(environment::files(&to, ".half"), Vec::<PathBuf>::new());
    }

    #[test]
    fn nothing_to_copy_is_a_failure() {
        let scratch = Scratch::new("no-page").unwrap();
        assert!(replace_files(&scratch.path().join("none"), &scratch.path().join("to")).is_err());
    }
}
