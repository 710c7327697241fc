//! Where the checkout and its build folders are.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

/// The checkout this xtask belongs to, and the target folder cargo uses for it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    root: PathBuf,
    target: PathBuf,
}

impl Place {
    /// Finds the checkout: from cargo, or upwards from the current folder.
    ///
    /// # Errors
    /// Started outside of a checkout.
    pub(crate) fn find() -> Result<Place, Failure> {
        let here = std::env::current_dir().map_err(|error| Failure::new(format!("the current folder cannot be read: {error}")))?;
        // Set by `cargo run`; the package lies two folders below the root.
        let start = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| here.clone(), PathBuf::from);
        let is_root = |folder: &&Path| folder.join("tests/xtask/Cargo.toml").is_file();
        let Some(root) = start.ancestors().find(is_root) else {
            return Err(Failure::new(format!("no checkout of hamadryad around {}", start.display()))
                .cure("start it as `cargo xtask …` inside of the checkout"));
        };
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| here.join(dir));
        Ok(Place { root: root.to_path_buf(), target })
    }

    /// The root of the checkout.
    #[must_use]
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The target folder: everything that is built and nothing else. Not created here.
    #[must_use]
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A folder below the target folder. Builds with other compilers or flags get one of their own, so that they do not undo each other's work.
    #[must_use]
    pub(crate) fn target_for(&self, what: &str) -> PathBuf {
        self.target.join(what)
    }
}
