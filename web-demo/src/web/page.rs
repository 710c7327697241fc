//! [`Page`]: the files that are served.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::response::Body;

/// What lies at `/` when no page was built.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>hamadryad</title>\n\
    <h1>The page is not built yet</h1>\n<p>The daemon runs. To see its tree, and one in this page, stop it and run</p>\n\
    <pre>cargo xtask demo</pre>\n<p>in the checkout, which builds the page and starts the daemon again. A page that was built elsewhere is \
    served with <code>--page DIR</code>.</p>\n</html>\n";

/// The directory of the built page, or in its place a few words that say how to build it.
#[derive(Clone, Debug)]
pub struct Page {
    directory: Option<PathBuf>,
}

impl Page {
    /// The files below `directory`. Whether it is there is looked at anew for each request, since a build may put another in its place.
    pub fn directory(directory: impl Into<PathBuf>) -> Page {
        Page { directory: Some(directory.into()) }
    }

    /// Words that say how to build it.
    pub fn not_built() -> Page {
        Page { directory: None }
    }

    /// What lies at a decoded path, with its media type.
    pub(super) fn open(&self, path: &str) -> Option<(&'static str, Body)> {
        let relative = match path.strip_prefix('/')? {
            "" => "index.html",
            relative => relative,
        };
        match &self.directory {
            None if relative == "index.html" => Some((media_type(relative), Body::Text(NOT_BUILT.to_owned()))),
            None => None,
            Some(directory) => Some((media_type(relative), open_below(directory, relative).ok()?)),
        }
    }
}

/// Opens a file below `directory`. What is a link, or lies behind one, is not served: so no link leads out.
fn open_below(directory: &Path, relative: &str) -> io::Result<Body> {
    let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0']);
    if !relative.split('/').all(is_plain) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let path = fs::canonicalize(directory)?.join(relative);
    if fs::canonicalize(&path)? != path {
        return Err(io::ErrorKind::NotFound.into());
    }
    // A pipe without a writer would have us wait; only a file is read.
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let about = file.metadata()?;
    if about.is_file() { Ok(Body::File(file, about.len())) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// By the end of the name. Browsers compile WebAssembly while it comes in only as `application/wasm`.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/vnd.microsoft.icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
