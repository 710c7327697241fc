//! Clocks and randomness.

use super::js;
use hamadryad_wasm::PageTree;
use hamadryad_wasm::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn randomness_fills_the_whole_buffer() {
    let page = PageTree::new();
    let (mut one, mut other) = (vec![0; 200_000], vec![0; 200_000]); // over the 65,536 of one call
    page.root().fill_random(&mut one);
    page.root().fill_random(&mut other);
    assert_ne!(one, other);
    for part in one.chunks(1_000).chain(other.chunks(1_000)) {
        let values = part.iter().collect::<std::collections::HashSet<_>>().len();
        assert!(values > 200, "1,000 random bytes have about 251 values, not {values}");
    }
    page.root().fill_random(&mut []);
}

#[wasm_bindgen_test]
async fn wall_time_is_the_pages() {
    let page = PageTree::new();
    let root = page.root();
    let wall = page.run(async move { root.wall_clock() }).await;
    let difference = js_sys::Date::now() - wall.as_nanos() as f64 / 1e6;
    assert!((-1.0..2_000.0).contains(&difference), "{difference} ms apart");
}

#[wasm_bindgen_test]
async fn time_goes_on_and_is_that_of_the_turn() {
    let page = PageTree::new();
    let root = page.root();
    let (begun, blocked, slept) = page
        .run(async move {
            let begun = root.now();
            js::block(3.0);
            let blocked = root.now();
            root.sleep(millis(2)).await.expect("the root lives");
            (begun, blocked, root.now())
        })
        .await;
    assert_eq!(begun, blocked, "a turn has one time");
    assert!(slept - begun >= millis(2));
    assert!(slept.as_nanos() as f64 / 1e6 <= js::performance_now());
}
