//! A panic is told to the page before it traps (law 8).

use core::panic::PanicInfo;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A function of the page's own, which shows what it is told.
    #[wasm_bindgen(js_name = hamadryadPanicked)]
    fn panicked(text: &str);
}

/// Closes the tree whose code panicked, so that nothing of it runs any more, and tells console and page its path. Without message and place:
/// what formats those of all panics that the program could have would be an eighth of the page.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    let told = hamadryad_wasm::report_panic_text("panicked");
    panicked(told.as_deref().unwrap_or("panicked, in no tree's code"));
    core::arch::wasm32::unreachable()
}
