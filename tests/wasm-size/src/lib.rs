//! The smallest page: a tree with one timer and one request that waits and may time out. Also the example of what a `no_std` page brings
//! itself: allocator and panic handler.
#![cfg_attr(target_family = "wasm", no_std)]

use hamadryad_wasm::prelude::*;
use wasm_bindgen::prelude::*;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: hamadryad_wasm::SmallAllocator = hamadryad_wasm::SmallAllocator::new();

#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The path is told. The message (`report_panic(info)`) would cost 8 KB gzipped: place, text and what formats it, of every panic
    // that the program could have.
    hamadryad_wasm::report_panic_text("panicked");
    core::arch::wasm32::unreachable()
}

#[wasm_bindgen]
extern "C" {
    /// What the page does with the ticks: a function of its own.
    fn tick();
}

/// Called when the module is loaded.
#[wasm_bindgen(start)]
pub fn start() {
    hamadryad_wasm::start(|root| {
        root.every(secs(1), tick);
        root.spawn("request", async move |me| me.sleep(millis(20)).await).timeout(secs(2)).detach();
        Ok(())
    });
}
