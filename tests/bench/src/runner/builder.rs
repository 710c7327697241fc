//! Building contestants.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    contestant::{Contestant, Source},
    launch::{gist, name_of},
};

/// Where this crate lies.
pub(crate) const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// Builds each program once.
#[derive(Debug)]
pub(crate) struct Builder {
    target: PathBuf,
    programs: BTreeMap<&'static str, Result<PathBuf, String>>,
}

impl Builder {
    /// Builds into the target directory that this program itself is in.
    pub(crate) fn new() -> Self {
        let own = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.to_owned()));
        Self { target: own.unwrap_or_else(|| Path::new(CRATE).join("target")), programs: BTreeMap::new() }
    }

    /// The target directory.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The program of `contestant`, or why there is none.
    pub(crate) fn program(&mut self, contestant: Contestant) -> Result<PathBuf, String> {
        if let Some(known) = self.programs.get(contestant.program) {
            return known.clone();
        }
        eprintln!("building {} ...", contestant.program);
        let built = match contestant.source {
            Source::Rust => self.build_rust(contestant.program),
            Source::C { pkg_config, link, package } => {
                let flags = library_flags(pkg_config, link);
                self.build_c(contestant.program, &[], &flags).map_err(|reason| match package {
                    "" => reason,
                    package => format!("{reason} (cure: apt-get install {package})"),
                })
            }
        };
        self.programs.insert(contestant.program, built.clone());
        built
    }

    /// The library that counts allocations when it is preloaded.
    pub(crate) fn heap_library(&self) -> Result<PathBuf, String> {
        self.build_c("heap", &["-shared", "-fPIC"], &[])
    }

    fn build_c(&self, name: &str, kind: &[&str], libraries: &[String]) -> Result<PathBuf, String> {
        let folder = self.target.join("c");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let program = folder.join(name);
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let mut command = Command::new(&compiler);
        command.args(["-O2", "-std=gnu11", "-Wall", "-Wextra"]).args(kind);
        command.arg("-o").arg(&program).arg(Path::new(CRATE).join("c").join(format!("{name}.c"))).args(libraries);
        complete(command).map(|()| program)
    }

    fn build_rust(&self, name: &str) -> Result<PathBuf, String> {
        let program = format!("contestant-{name}");
        let mut command = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        command.args(["build", "--release", "--quiet", "--features", name, "--bin", &program]);
        command.arg("--manifest-path").arg(Path::new(CRATE).join("Cargo.toml")).arg("--target-dir").arg(&self.target);
        complete(command).map(|()| self.target.join("release").join(program))
    }
}

/// Runs a build to its end, however long it takes; it may write more than a pipe holds.
pub(crate) fn complete(mut command: Command) -> Result<(), String> {
    let program = name_of(&command);
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{program}: {}", gist(&String::from_utf8_lossy(&output.stderr)))) }
}

/// What pkg-config says, or else what usually is right.
fn library_flags(pkg_config: &str, link: &str) -> Vec<String> {
    let asked = Command::new("pkg-config").args(["--cflags", "--libs"]).args(pkg_config.split_whitespace()).output();
    let told = asked.ok().filter(|output| !pkg_config.is_empty() && output.status.success());
    let flags = told.map_or_else(|| link.to_owned(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    flags.split_whitespace().map(str::to_owned).collect()
}
