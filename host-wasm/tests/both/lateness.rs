//! A blocked thread: an answer that is there wins over a deadline that has passed meanwhile (law 16).

use super::js;
use hamadryad_wasm::PageTree;
use hamadryad_wasm::prelude::*;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const BLOCKED_MS: f64 = 1_500.0;

#[wasm_bindgen_test]
async fn law_16_an_answer_that_waited_behind_a_blocked_thread_wins() {
    const MESSAGES: u32 = 16;
    let page = PageTree::new();
    let root = page.root();
    let (answer, done) = root.completer::<u32, Ended>("answer");
    let asking = root.spawn("ask", async move |_| answer.await).timeout(millis(400));
    page.run(async {}).await; // the deadline is armed
    let (mut left, mut done) = (MESSAGES, Some(done));
    let receive = Closure::new(move || {
        left -= 1;
        if left == 0 {
            drop(done.take().expect("the last message").complete(Ok(7)));
        }
    });
    js::messages(MESSAGES, &receive);
    js::block(BLOCKED_MS);
    assert_eq!(page.run(asking).await.ok(), Some(7));
}

#[wasm_bindgen_test]
async fn law_16_without_an_answer_the_deadline_counts_soon_after() {
    let page = PageTree::new();
    let root = page.root();
    let asking = root.spawn("ask", async move |me| me.sleep(hours(1)).await).timeout(millis(400));
    page.run(async {}).await;
    js::block(BLOCKED_MS);
    let free_again = js::performance_now();
    let ended = page.run(asking).await;
    let waited = js::performance_now() - free_again;
    assert!(matches!(ended, Err(Ended::TimedOut { .. })), "{ended:?}");
    assert!(waited >= 19.0, "held until it was quiet for 20 ms, not {waited} ms");
}

#[wasm_bindgen_test]
async fn timers_run_while_deadlines_are_held() {
    let page = PageTree::new();
    let root = page.root();
    let asking = root.spawn("ask", async move |me| me.sleep(hours(1)).await).timeout(millis(400));
    let fired = Rc::new(Cell::new(None));
    let cell = fired.clone();
    root.after(millis(300), move || root.after(millis(1), move || cell.set(Some(js::performance_now()))));
    page.run(async {}).await;
    js::block(BLOCKED_MS);
    let ended = page.run(async move { (asking.await, js::performance_now()) }).await;
    assert!(matches!(ended.0, Err(Ended::TimedOut { .. })), "{ended:?}");
    let held = ended.1 - fired.get().expect("a timer of 1 ms fires before a hold of 20 ms is over");
    assert!(held >= 19.0, "the deadline was held for {held} ms after the timer, not until it was quiet for 20 ms");
}
