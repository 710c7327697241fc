//! The smallest page: a tree with one timer and one request that waits and may time out. Also the example of what a `no_std` page brings
//! itself: allocator and panic handler.
#![cfg_attr(target_family = "wasm", no_std)]

use hamadryad_wasm::prelude::*;
#[cfg(target_family = "wasm")]
use talc::{cell::TalcSyncCell, wasm::WasmBinning, wasm::WasmGrowAndClaim};
use wasm_bindgen::prelude::*;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: TalcSyncCell<WasmGrowAndClaim, WasmBinning> = TalcSyncCell::new_wasm(WasmGrowAndClaim);

#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The path is told. The message (`report_panic(info)`) would cost 7 KB gzipped: place, text and what formats it, of every panic
    // that the program could have. (And a `str` itself is `Display` with fill and alignment, which is another one.)
    struct Panicked;
    impl core::fmt::Display for Panicked {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("panicked")
        }
    }
    hamadryad_wasm::report_panic(&Panicked);
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
