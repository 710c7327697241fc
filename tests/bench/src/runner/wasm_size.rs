//! How large a page is: the smallest useful ones, what each part of them adds, and the demo's page.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::wasm;

/// A page that is weighed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Its workload in the table.
    pub(crate) name: &'static str,
    /// What it has that the one before it has not.
    pub(crate) adds: &'static str,
    made_of: Made,
    /// Whether it is weighed when time is short.
    quick: bool,
}

#[derive(Clone, Copy, Debug)]
enum Made {
    /// `tests/wasm-size` with this feature.
    Feature(&'static str),
    /// The demo's page, which `cargo xtask bench` has built.
    Page,
}

const fn size(name: &'static str, feature: &'static str, quick: bool, adds: &'static str) -> Size {
    Size { name, adds, made_of: Made::Feature(feature), quick }
}

/// All, each with what the one before it has and something more.
pub(crate) const SIZES: &[Size] = &[
    size("size_wasm_bare", "", false, "an allocator, a call to JavaScript"),
    size("size_wasm_tree", "tree", false, "core and host: a tree that nothing uses"),
    size("size_wasm_timer", "timer", false, "a timer"),
    size("size_wasm_core", "request", true, "a request that waits, with a deadline"),
    size("size_wasm_socket", "socket", true, "a WebSocket: connect, send, receive"),
    Size { name: "size_page", adds: "the demo: resolver, DNS messages, reports, the page's own", made_of: Made::Page, quick: true },
];

impl Size {
    /// Those that are weighed.
    pub(crate) fn all(quick: bool) -> impl Iterator<Item = Self> {
        SIZES.iter().copied().filter(move |size| size.quick || !quick)
    }

    /// Bytes of the module, built for release, bound, optimised for size, and packed by gzip; or why they are not known.
    pub(crate) fn measure(self, target: &Path) -> Result<u64, String> {
        match self.made_of {
            Made::Feature(feature) => wasm::packed_len(&self.build(target, feature)?),
            Made::Page => wasm::packed_len(&page()?),
        }
    }

    fn build(self, target: &Path, feature: &str) -> Result<PathBuf, String> {
        eprintln!("{}: building tests/wasm-size ...", self.name);
        let folder = target.join("wasm-size");
        let built = wasm::build_with("wasm-size", &folder, feature)?;
        let bound = wasm::bind(&built, &folder.join(self.name), "page")?;
        let optimised = folder.join(self.name).join("optimised.wasm");
        wasm::optimise(&bound, &optimised)?;
        Ok(optimised)
    }
}

/// The demo's module, as it is served.
fn page() -> Result<PathBuf, String> {
    let folder = env::var_os("HAMADRYAD_PAGE").ok_or("HAMADRYAD_PAGE is not set to the built page (cure: cargo xtask bench size)")?;
    let module = PathBuf::from(folder).join("pkg/hamadryad_demo_page_bg.wasm");
    if module.exists() { Ok(module) } else { Err(format!("there is no {} (cure: cargo xtask page)", module.display())) }
}
