//! Packages of npm, as a `package-lock.json` of the checkout pins them, into `target/`.

use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The two files that say what is installed.
const MANIFESTS: [&str; 2] = ["package.json", "package-lock.json"];
/// Written when all is installed: the lock file that it was installed from.
const STAMP: &str = "installed";

/// Installs what the folder `from` of the checkout pins into `target/INTO/node_modules`, unless it is there. Gives `target/INTO`.
///
/// # Errors
/// No npm, or its registry is out of reach.
pub(crate) fn install(place: &Place, from: &str, into: &str) -> Result<PathBuf, Failure> {
    let folder = place.target_for(into);
    let lock = read(&place.root().join(from).join("package-lock.json"))?;
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    if environment::program("npm").is_none() {
        return Err(Failure::new(format!("there is no npm to fetch with what {from}/package.json names"))
            .cure("apt-get install --no-install-recommends nodejs npm"));
    }
    fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    for manifest in MANIFESTS {
        let to = folder.join(manifest);
        fs::copy(place.root().join(from).join(manifest), &to).map_err(|error| unwritable(&to, &error))?;
    }
    Step::new(place, format!("packages of npm for {from} (some seconds, once)"), "npm")
        .words("ci --no-audit --no-fund --prefix")
        .arg(&folder)
        .cap(Duration::from_secs(300))
        .cure("npm must reach its registry for this")
        .run()
        .needed()?;
    fs::write(folder.join(STAMP), lock).map_err(|error| unwritable(&folder, &error))?;
    Ok(folder)
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())).cure("git checkout that file"))
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", file.display())).cure("make target/ writable, or `cargo clean`")
}
