//! What is done when a panic is about to trap (law 8, where panics abort).

use crate::page::Page;
use crate::pages;
use alloc::string::{String, ToString};
use core::fmt::Display;

/// Says that a panic is about to trap: closes each tree whose code is on the stack, so that no later timer, message or event reaches
/// it, and writes the path of what it ran and `panic` to the console, once per tree. Does nothing when no tree's code is on the stack.
///
/// Feature `std` installs a panic hook that calls this. A `no_std` program calls it from its `#[panic_handler]`, then traps:
///
/// ```text
/// #[panic_handler]
/// fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
///     hamadryad_wasm::report_panic(info);
///     core::arch::wasm32::unreachable()
/// }
/// ```
///
/// Call it only where the panic aborts: the tree is left as it is, for ever. Gives the path and `panic` as they were written (of several trees
/// those of one), for a page that says it to its user, too.
pub fn report_panic(panic: &dyn Display) -> Option<String> {
    report_panic_text(&panic.to_string())
}

/// [`report_panic`] with a text that is there: where no panic's place and message are told, and nothing else formats, 8 KB less of a page.
pub fn report_panic_text(panic: &str) -> Option<String> {
    let mut told = None;
    // One at a time: what is told of one may run code of the page.
    while let Some(page) = pages::find(Page::is_about_to_trap) {
        told = Some(page.trap(panic));
    }
    told
}

/// Puts [`report_panic`] before the panic hook there is, once in the life of the program.
#[cfg(feature = "std")]
pub(crate) fn install_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let next = std::panic::take_hook();
        std::panic::set_hook(alloc::boxed::Box::new(move |info| {
            if cfg!(panic = "abort") {
                report_panic(info);
            }
            next(info);
        }));
    });
}

/// The final program has the panic handler.
#[cfg(not(feature = "std"))]
pub(crate) fn install_hook() {}
