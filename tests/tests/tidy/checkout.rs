//! The files of the checkout.

use crate::source::Source;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What nobody wrote; of a second checkout `.git` is a file.
const MADE: [&str; 5] = ["target", ".git", "node_modules", "pkg", "dist"];

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("this package lies in the checkout").to_path_buf()
}

/// The paths of all files that somebody wrote, relative to the root, sorted.
pub(crate) fn files() -> Vec<String> {
    let root = root();
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the checkout can be read").flatten() {
            if MADE.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(&root).expect("it was found below the root");
            files.push(relative.to_str().expect("file names are plain").to_owned());
        }
    }
    files.sort();
    files
}

/// A file's text; `None` if it is not text.
pub(crate) fn text(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// All Rust files, taken apart: once, since that takes a second.
pub(crate) fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let rust = files().into_iter().filter(|path| path.ends_with(".rs"));
        rust.map(|path| Source::parse(&path, &text(&path).expect("Rust is text"))).collect()
    })
}
