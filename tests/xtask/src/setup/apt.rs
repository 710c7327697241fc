//! Debian's packages.

use super::Piece;
use crate::environment;
use crate::failure::Failure;
use crate::place::Place;
use crate::step::Step;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

/// A package, and the file that tells whether what we need of it is there, whoever put it there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    name: &'static str,
    proof: Proof,
}

#[derive(Clone, Copy, Debug)]
enum Proof {
    /// A program along `PATH`.
    Program(&'static str),
    /// A C header.
    Header(&'static str),
}

/// The browser.
pub(crate) const CHROMIUM: Package = program("chromium", "chromium");
/// What drives the browser.
pub(crate) const CHROMIUM_DRIVER: Package = program("chromium-driver", "chromedriver");
/// `dig`.
pub(crate) const DNSUTILS: Package = program("bind9-dnsutils", "dig");
/// valgrind, with cachegrind.
pub(crate) const VALGRIND: Package = program("valgrind", "valgrind");
/// strace.
pub(crate) const STRACE: Package = program("strace", "strace");
/// The C compiler.
pub(crate) const GCC: Package = program("gcc", "gcc");
/// make.
pub(crate) const MAKE: Package = program("make", "make");
/// Node.js, which runs binaryen.
pub(crate) const NODE: Package = program("nodejs", "node");
/// npm, which fetches binaryen.
pub(crate) const NPM: Package = program("npm", "npm");
/// The libraries that the bench compares with.
pub(crate) const PEERS: [Package; 5] = [
    header("libtalloc-dev", "talloc.h"),
    header("libtevent-dev", "tevent.h"),
    header("libev-dev", "ev.h"),
    header("libevent-dev", "event2/event.h"),
    header("libuv1-dev", "uv.h"),
];

const fn program(name: &'static str, program: &'static str) -> Package {
    Package { name, proof: Proof::Program(program) }
}

const fn header(name: &'static str, header: &'static str) -> Package {
    Package { name, proof: Proof::Header(header) }
}

impl Package {
    /// Whether it is there.
    #[must_use]
    pub(crate) fn is_there(&self) -> bool {
        match self.proof {
            Proof::Program(name) => environment::program(name).is_some(),
            Proof::Header(name) => ["/usr/include", "/usr/local/include"].iter().any(|folder| Path::new(folder).join(name).is_file()),
        }
    }
}

/// Packages that are installed together.
#[derive(Debug)]
pub(crate) struct Apt {
    packages: Vec<Package>,
    fallback: Option<&'static str>,
}

impl Apt {
    /// Packages without which the command cannot do its work.
    #[must_use]
    pub(crate) fn needs(packages: &[Package]) -> Apt {
        Apt { packages: packages.to_vec(), fallback: None }
    }

    /// Packages without which the command does something else.
    #[must_use]
    pub(crate) fn wants(packages: &[Package], fallback: &'static str) -> Apt {
        Apt { packages: packages.to_vec(), fallback: Some(fallback) }
    }

    fn missing(&self) -> Vec<&'static str> {
        self.packages.iter().filter(|package| !package.is_there()).map(|package| package.name).collect()
    }
}

impl Piece for Apt {
    fn name(&self) -> String {
        format!("packages {}", self.missing().join(" "))
    }

    fn is_missing(&self, _place: &Place) -> bool {
        self.packages.iter().any(|package| !package.is_there())
    }

    fn commands(&self) -> Vec<String> {
        commands(&self.missing())
    }

    fn install(&self, place: &Place) -> Result<(), Failure> {
        install(place, &self.missing())
    }

    fn fallback(&self) -> Option<&'static str> {
        self.fallback
    }
}

/// The commands that install these packages, as one would type them.
#[must_use]
pub(crate) fn commands(packages: &[&str]) -> Vec<String> {
    let sudo = if environment::is_root() { "" } else { "sudo " };
    let update = if has_lists() { "  (only if the next one fails)" } else { "" };
    vec![format!("{sudo}apt-get update{update}"), format!("{sudo}apt-get install -y --no-install-recommends {}", packages.join(" "))]
}

/// Installs packages, with fresh package lists if the ones at hand do not do.
///
/// # Errors
/// No apt-get, not root and no sudo, or apt-get failed.
pub(crate) fn install(place: &Place, packages: &[&str]) -> Result<(), Failure> {
    let by_hand = format!("as root: apt-get install --no-install-recommends {}", packages.join(" "));
    if environment::program("apt-get").is_none() {
        return Err(Failure::new(format!("this is no Debian: there is no apt-get to install {}", packages.join(", ")))
            .cure("install the same programs with the package manager of this machine"));
    }
    if !environment::is_root() && environment::program("sudo").is_none() {
        return Err(Failure::new(format!("not root, and no sudo, to install {}", packages.join(", "))).cure(by_hand));
    }
    let update = || apt_get(place, "update").cure("look at /etc/apt/sources.list and at the network").run().needed();
    let add = || apt_get(place, "install -y --no-install-recommends").words(&packages.join(" ")).cure(by_hand.clone()).run().needed();
    if !has_lists() {
        update()?;
        return add();
    }
    // Lists that are weeks old name versions which the mirror no longer has.
    add().or_else(|_| update().and_then(|()| add()))
}

/// Whether package lists were ever fetched; images of Debian come without.
fn has_lists() -> bool {
    environment::holds("/var/lib/apt/lists", "", "_Packages")
        || environment::holds("/var/lib/apt/lists", "", "_Packages.lz4")
        || environment::holds("/var/lib/apt/lists", "", "_Packages.xz")
}

fn apt_get(place: &Place, words: &str) -> Step {
    let name = format!("apt-get {}", words.split(' ').next().unwrap_or_default());
    let step = if environment::is_root() {
        Step::new(place, name, "env")
    } else if std::io::stderr().is_terminal() {
        Step::new(place, name, "sudo").arg("env")
    } else {
        // Without a terminal nobody can type a password.
        Step::new(place, name, "sudo").words("-n env")
    };
    step.words("DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300").words(words).cap(Duration::from_secs(900))
}
