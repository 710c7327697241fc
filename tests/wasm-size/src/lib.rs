//! The smallest page: a tree with one timer and one request that waits and may time out. Also the example of what a `no_std` page brings
//! itself: allocator and panic handler. With the feature `socket` the request waits for a WebSocket's answer; with fewer features than the
//! default one there is less, to be weighed.
#![cfg_attr(target_family = "wasm", no_std)]

#[cfg(feature = "socket")]
extern crate alloc;

#[cfg(feature = "tree")]
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
    #[cfg(not(feature = "tree"))]
    tick();
    #[cfg(feature = "tree")]
    hamadryad_wasm::start(|root| {
        #[cfg(feature = "timer")]
        root.every(secs(1), tick);
        #[cfg(all(feature = "request", not(feature = "socket")))]
        root.spawn("request", async move |me| me.sleep(millis(20)).await).timeout(secs(2)).detach();
        #[cfg(feature = "socket")]
        root.spawn("request", echo).timeout(secs(2)).detach();
        let _ = root;
        Ok(())
    });
}

/// Sends a message and waits for the answer.
#[cfg(feature = "socket")]
async fn echo(me: AnyNode) -> Result<(), hamadryad_wasm::ChannelError> {
    use hamadryad_wasm::{Channel, net::WebSocket};

    let socket = WebSocket::connect(me, "/echo").await?;
    socket.send(b"hello").await?;
    let mut answer = alloc::vec::Vec::new();
    socket.receive(&mut answer).await?;
    tick();
    Ok(())
}
