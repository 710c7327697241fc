//! `animation_frame`. (Dedicated workers have frames in Chromium, too.)

use super::js::Spy;
use hamadryad_wasm::PageTree;
use hamadryad_wasm::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn frames_follow_each_other() {
    let page = PageTree::new();
    let root = page.root();
    let cancelled = Spy::on("cancelAnimationFrame");
    let times = page
        .run(async move {
            let mut times = Vec::new();
            for _ in 0..3 {
                times.push(root.animation_frame().await.expect("there are frames"));
            }
            times
        })
        .await;
    assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
    assert_eq!(cancelled.count(), 0);
    assert_eq!(root.children().count(), 0);
}

#[wasm_bindgen_test]
async fn an_abandoned_frame_is_cancelled() {
    let page = PageTree::new();
    let root = page.root();
    let (asked, cancelled) = (Spy::on("requestAnimationFrame"), Spy::on("cancelAnimationFrame"));
    drop(root.animation_frame());
    let owner: AnyNode = *root.insert(());
    let waiting = owner.animation_frame();
    owner.free();
    assert_eq!((asked.count(), cancelled.count()), (2, 2));
    let ended = page.run(waiting).await;
    assert!(matches!(ended, Err(hamadryad_wasm::FrameError::Ended(Ended::Freed { .. }))), "{ended:?}");
}
