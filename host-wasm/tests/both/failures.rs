//! Where failures go. (Panics trap: they have a page of their own, `tests/driven_page.rs`.)

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{PageEnded, PageTree};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

/// What the tests fail with.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken on purpose")
    }
}

impl From<Ended> for Broken {
    fn from(_: Ended) -> Broken {
        Broken
    }
}

#[wasm_bindgen_test]
async fn law_17_a_started_tree_tells_the_console_what_nobody_contained() {
    let errors = Spy::on("console.error");
    let handle = Rc::new(RefCell::new(None));
    let out = handle.clone();
    hamadryad_wasm::start(move |root| {
        out.replace(Some(root));
        root.spawn("doomed", async |_| Err::<(), _>(Broken)).detach();
        Ok(())
    });
    let root = handle.take().expect("the setup ran");
    while root.is_alive() {
        js::page_goes_on(1).await;
    }
    let texts = errors.texts();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("doomed") && texts[0].contains("broken on purpose"), "{texts:?}");
}

#[wasm_bindgen_test]
async fn law_17_a_run_is_given_what_nobody_contained() {
    let page = PageTree::new();
    let root = page.root();
    let ended = page
        .try_run(async move {
            root.spawn("doomed", async |_| Err::<(), _>(Broken)).detach();
            root.closing().await;
        })
        .await;
    assert!(ended.is_ok(), "the shutdown gives it the grace: {ended:?}");
    let ended = page.try_run(async {}).await;
    let Err(PageEnded::RootGone { failure: Some(failure), .. }) = ended else { panic!("{ended:?}") };
    assert!(failure.downcast_ref::<Broken>().is_some(), "{failure}");
}

#[wasm_bindgen_test]
async fn law_17_a_failure_that_nobody_took_goes_to_the_console() {
    let errors = Spy::on("console.error");
    let page = PageTree::new();
    let root = page.root();
    root.spawn("doomed", async |_| Err::<(), _>(Broken)).detach();
    while root.is_alive() {
        js::page_goes_on(1).await;
    }
    assert_eq!(errors.count(), 0, "somebody may still ask");
    drop(page);
    assert_eq!(errors.count(), 1, "{:?}", errors.texts());
}
