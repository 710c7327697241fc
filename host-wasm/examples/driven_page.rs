//! A page whose timer panics: the page's half of law 8. `tests/driven_page.rs` drives it; `driven_page.html` looks at what it does.
//!
//! The tree below `root` is a request `clockwork` that keeps time, a tick every 5 ms, and in it a request `doomed` with a timer that
//! panics after 30 ms. A second tree, that has no part in it, ticks on. A third one panics in the handler of an event.

use hamadryad_wasm::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The page counts the ticks of the tree `name`.
    fn tick(name: &str);
    /// The page keeps the callback and calls it after the panic, as an event of its own.
    #[wasm_bindgen(js_name = keepForLater)]
    fn keep_for_later(callback: &Closure<dyn Fn()>);
}

/// Starts both trees.
#[wasm_bindgen(start)]
pub fn start() {
    hamadryad_wasm::start(|root| {
        root.spawn("clockwork", async move |me| {
            me.every(millis(5), || tick("doomed"));
            me.spawn("doomed", async move |me| {
                later_event(me);
                me.on_event(&page(), "poke", |_| tick("dom")).expect("a page's node");
                me.after(millis(30), || panic!("the spring broke")).named("spring");
                me.sleep(hours(1)).await
            })
            .await
        })
        .detach();
        Ok(())
    });
    hamadryad_wasm::start(|root| {
        root.every(millis(5), || tick("bystander"));
        Ok(())
    });
    hamadryad_wasm::start(|root| {
        root.spawn("fragile", async move |me| {
            me.on_event(&page(), "boom", |_| panic!("the handler broke")).expect("a page's node");
            me.on_event(&page(), "boom", |_| tick("fragile")).expect("a page's node");
            me.sleep(hours(1)).await
        })
        .detach();
        Ok(())
    });
}

/// The window: the page dispatches its events there.
fn page() -> web_sys::EventTarget {
    js_sys::global().unchecked_into()
}

/// An event of the page that completes a request of the tree: the node owns the closure.
fn later_event(me: AnyNode) {
    let (request, done) = me.completer::<(), Ended>("an event");
    request.on_result(|_| tick("event"));
    let done = std::cell::Cell::new(Some(done));
    let callback = Closure::<dyn Fn()>::new(move || {
        if let Some(done) = done.take() {
            let _ = done.complete(Ok(())); // nobody waits any more, or nobody is told: the page looks
        }
    });
    keep_for_later(&callback);
    me.insert(callback);
}
