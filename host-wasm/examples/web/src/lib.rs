//! A tree that the page owns: it counts the seconds, and makes a request that ends within one or not at all.

use hamadryad_wasm::prelude::*;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A function of the page's own.
    fn show(id: &str, text: &str);
}

/// Runs when the page has loaded the module, and returns at once: the tree lives on.
#[wasm_bindgen(start)]
pub fn main() {
    hamadryad_wasm::start(|root| {
        let began = root.now();
        root.every(secs(1), move || show("clock", &format!("{} s", (root.now() - began).as_secs()))).named("clock");
        let work = root.spawn("work", async move |me| {
            me.sleep(millis(200)).await?; // what is made under `me` ends when it ends
            Ok::<_, Ended>("done")
        });
        work.timeout(secs(1)).on_result(|result| show("work", result.unwrap_or("out of time")));
        Ok(())
    });
}
