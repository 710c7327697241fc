//! Never early, no overflow, armed only when it must be.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{Instant, PageTree};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen_test::wasm_bindgen_test;

/// Longer than `setTimeout` can count (24.8 days).
const FAR: Duration = Duration::from_secs(30 * 24 * 3600);

/// The delays, in milliseconds, of the timeouts that were set.
fn delays(spy: &Spy) -> Vec<f64> {
    spy.arguments(1).iter().map(|delay| delay.as_f64().expect("a number")).collect()
}

#[wasm_bindgen_test]
async fn law_21_a_timer_is_never_early() {
    let page = PageTree::new();
    let root = page.root();
    for delay in
        [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(1_001), millis(3), Duration::from_micros(7_300), millis(20)]
    {
        let (due, fired) = page
            .run(async move {
                let fired = Rc::new(Cell::new(None));
                let cell = fired.clone();
                let due = root.now() + delay;
                root.after(delay, move || cell.set(Some(js::performance_now())));
                while fired.get().is_none() {
                    root.sleep(millis(1)).await.expect("the root lives");
                }
                (due, fired.get().expect("just seen"))
            })
            .await;
        assert!(fired * 1e6 >= due.as_nanos() as f64, "{delay:?}: due at {due:?}, fired at {fired} ms");
    }
}

#[wasm_bindgen_test]
async fn timers_fire_in_the_order_of_their_deadlines() {
    let page = PageTree::new();
    let root = page.root();
    let order = page
        .run(async move {
            let order = Rc::new(RefCell::new(Vec::new()));
            for ms in [9, 3, 6, 3, 0] {
                let order = order.clone();
                root.after(millis(ms), move || order.borrow_mut().push(ms));
            }
            root.sleep(millis(12)).await.expect("the root lives");
            order.take()
        })
        .await;
    assert_eq!(order, [0, 3, 3, 6, 9]);
}

#[wasm_bindgen_test]
async fn a_timer_over_24_8_days_is_armed_in_steps_and_does_not_fire() {
    // The first three timeouts of the longest delay fire at once: as if 24.8 days were over.
    let spy = Spy::bending("setTimeout", "args[1] > 1e9 && calls.filter(call => call[1] > 1e9).length <= 3 ? [args[0], 0] : args");
    let page = PageTree::new();
    let fired = Rc::new(Cell::new(false));
    let cell = fired.clone();
    page.root().after(FAR, move || cell.set(true));
    let before = spy.count();
    assert!(before <= 1, "at most the timer itself was armed so far");
    js::page_goes_on(50).await;
    assert!(!fired.get(), "30 days are not over");
    let far: Vec<f64> = delays(&spy).into_iter().filter(|delay| *delay > 1e9).collect();
    assert_eq!(far, [f64::from(i32::MAX); 4], "each step is the longest that setTimeout takes, and rings into the next");
}

#[wasm_bindgen_test]
async fn the_timeout_is_set_only_when_the_earliest_deadline_changes() {
    let page = PageTree::new();
    let root = page.root();
    let earliest = root.after(secs(100), || {});
    page.run(async {}).await;
    let (set, cleared) = (Spy::on("setTimeout"), Spy::on("clearTimeout"));
    for ms in 0..20 {
        root.after(secs(200) + millis(ms), || {}); // later ones, from outside of a turn
    }
    page.run(async move {
        for _ in 0..20 {
            let (woken, wake) = root.completer::<(), Ended>("woken");
            root.soon(move || wake.complete(Ok(())).is_ok());
            woken.await.expect("completed"); // turns
            root.after(secs(300), || {}); // later ones, from within
        }
    })
    .await;
    assert_eq!((set.count(), cleared.count()), (0, 0), "100 s stayed the earliest deadline all the time");

    page.run(async move { root.after(secs(50), || {}).free() }).await;
    page.run(async move { earliest.reset(secs(150)) }).await;
    let delays: Vec<f64> = delays(&set);
    assert!(delays.iter().all(|delay| *delay > 49_000.0), "{delays:?}");
    assert!((1..=3).contains(&delays.len()), "a changed deadline arms anew, once for each turn at most: {delays:?}");
}

#[wasm_bindgen_test]
async fn an_earlier_timer_replaces_the_armed_one() {
    let page = PageTree::new();
    let root = page.root();
    root.after(secs(100), || {});
    page.run(async {}).await;
    let (woken, wake) = root.completer::<Instant, Ended>("woken");
    root.after(millis(5), move || wake.complete(Ok(root.now())).is_ok()); // from outside of a turn
    let begun = root.now();
    let fired = page.run(woken).await.expect("completed");
    assert!(fired - begun >= millis(5));
}

#[wasm_bindgen_test]
async fn every_keeps_its_phase() {
    let page = PageTree::new();
    let root = page.root();
    let (begun, calls) = page
        .run(async move {
            let calls = Rc::new(RefCell::new(Vec::new()));
            let list = calls.clone();
            let begun = root.now();
            let ticks = root.every(millis(5), move || list.borrow_mut().push(root.now()));
            root.sleep(millis(60)).await.expect("the root lives");
            ticks.free();
            (begun, calls.take())
        })
        .await;
    assert!((1..=12).contains(&calls.len()), "one call a period at most: {calls:?}");
    let mut last_period = 0;
    for call in calls {
        let period = (call - begun).as_nanos() / 5_000_000;
        assert!(period > last_period, "each call is in a period of its own, never before its multiple");
        last_period = period;
    }
}
