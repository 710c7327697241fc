//! What is done when a panic is about to trap (law 8, where panics abort).

use crate::page::Page;
use crate::single_thread::SingleThread;
use alloc::rc::{Rc, Weak};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt::Display;

/// Every page there is: the panic hook is told a message and a place, and has to find out whose code is on the stack.
static PAGES: SingleThread<RefCell<Vec<Weak<Page>>>> = SingleThread::new(RefCell::new(Vec::new()));

/// A panic in code of `page` will be told and will close it.
pub(crate) fn watch(page: &Rc<Page>) {
    if let Some(pages) = PAGES.get() {
        pages.borrow_mut().push(Rc::downgrade(page));
    }
}

/// A page is gone.
pub(crate) fn forget() {
    if let Some(pages) = PAGES.get() {
        pages.borrow_mut().retain(|page| page.strong_count() > 0);
    }
}

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
/// Call it only where the panic aborts: the tree is left as it is, for ever.
pub fn report_panic(panic: &dyn Display) {
    report_panic_text(&panic.to_string());
}

/// [`report_panic`] with a text that is there: where no panic's place and message are told, and nothing else formats, 8 KB less of a page.
pub fn report_panic_text(panic: &str) {
    let Some(pages) = PAGES.get() else { return };
    let mut at = 0;
    loop {
        // One at a time: what is told of one may run code of the page.
        let Some(page) = pages.borrow().get(at).map(Weak::upgrade) else { return };
        if let Some(page) = page.filter(|page| page.is_running()) {
            page.trap(panic);
        }
        at += 1;
    }
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
