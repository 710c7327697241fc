//! How large a page is: the smallest useful one, and what each part of it adds.

use std::path::Path;

use super::wasm;

/// Bytes of `tests/wasm-size`, built for release, bound, optimised for size, and packed by gzip; or why they are not known.
pub(crate) fn measure(target: &Path) -> Result<u64, String> {
    eprintln!("size_wasm_core: building tests/wasm-size ...");
    let folder = target.join("wasm-size");
    let built = wasm::build("wasm-size", &folder)?;
    let bound = wasm::bind(&built, &folder, "page")?;
    let optimised = folder.join("optimised.wasm");
    wasm::optimise(&bound, &optimised)?;
    wasm::packed_len(&optimised)
}
