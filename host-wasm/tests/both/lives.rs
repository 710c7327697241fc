//! Who owns the tree, and what is left when it is gone.

use super::js::{self, Spy};
use hamadryad_wasm::prelude::*;
use hamadryad_wasm::{BrowserHost, Host, PageEnded, PageTree};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen_test::wasm_bindgen_test;

/// Says that it was dropped.
struct Dropped(Rc<Cell<bool>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[wasm_bindgen_test]
async fn a_dropped_tree_leaves_nothing_behind_in_the_page() {
    let (cleared, closed) = (Spy::on("clearTimeout"), Spy::on("MessagePort.prototype.close"));
    let page = PageTree::new();
    let root = page.root();
    let (fired, dropped) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    root.insert(Dropped(dropped.clone()));
    let cell = fired.clone();
    root.after(millis(5), move || cell.set(true));
    page.run(async {}).await;
    root.soon(|| unreachable!("the tree is dropped before"));
    let waker = root.with_host(|host: &BrowserHost| host.waker()).expect("a page's host");
    drop(page);
    assert!(dropped.get());
    assert_eq!((cleared.count(), closed.count()), (1, 2), "the timeout, and both ends of the channel");
    waker.wake(); // late, harmless
    js::page_goes_on(20).await;
    assert!(!fired.get());
}

#[wasm_bindgen_test]
async fn a_tree_may_be_dropped_by_its_own_code() {
    let page = PageTree::new();
    let root = page.root();
    let dropped = Rc::new(Cell::new(false));
    root.insert(Dropped(dropped.clone()));
    root.after(millis(1), move || drop(page));
    while !dropped.get() {
        js::page_goes_on(1).await;
    }
    assert!(!root.is_alive());
}

#[wasm_bindgen_test]
async fn the_page_owns_a_started_tree() {
    let (ticks, dropped) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
    let (tick, value) = (ticks.clone(), Dropped(dropped.clone()));
    let closed = Spy::on("MessagePort.prototype.close");
    hamadryad_wasm::start(move |root| {
        root.insert(value);
        root.every(millis(1), move || {
            tick.set(tick.get() + 1);
            if tick.get() == 5 {
                root.free();
            }
        });
        Ok(())
    });
    assert_eq!(ticks.get(), 0, "nothing runs inside `start`");
    while !dropped.get() {
        js::page_goes_on(1).await;
    }
    js::page_goes_on(10).await;
    assert_eq!(ticks.get(), 5);
    assert_eq!(closed.count(), 2, "both ends of the channel");
}

#[wasm_bindgen_test]
async fn a_started_tree_that_is_freed_from_outside_is_given_back() {
    let closed = Spy::on("MessagePort.prototype.close");
    let handle = Rc::new(RefCell::new(None));
    let out = handle.clone();
    hamadryad_wasm::start(move |root| {
        out.replace(Some(root));
        Ok(())
    });
    js::page_goes_on(5).await;
    assert_eq!(closed.count(), 0, "an idle tree lives on");
    let root = handle.take().expect("the setup ran");
    root.free();
    js::page_goes_on(5).await;
    assert_eq!(closed.count(), 2);
}

#[wasm_bindgen_test]
async fn a_setup_that_fails_is_told_and_its_tree_is_gone() {
    let errors = Spy::on("console.error");
    let dropped = Rc::new(Cell::new(false));
    let value = Dropped(dropped.clone());
    hamadryad_wasm::start(move |root| {
        root.insert(value);
        root.after(millis(1), || unreachable!("the tree is gone"));
        Err("no such element: #tree")?
    });
    assert_eq!(errors.texts(), ["no such element: #tree"]);
    assert!(dropped.get());
    js::page_goes_on(10).await;
}

#[wasm_bindgen_test]
async fn two_trees_live_side_by_side() {
    let (one, other) = (PageTree::new(), PageTree::new());
    let (root, neighbour) = (one.root(), other.root());
    let sum = one
        .run(async move {
            let two = neighbour.spawn("two", async move |me| {
                me.sleep(millis(2)).await?;
                Ok::<_, Ended>(2)
            });
            root.sleep(millis(1)).await?;
            Ok::<_, Ended>(1 + two.await?)
        })
        .await;
    assert_eq!(sum.ok(), Some(3));
    drop(other);
    assert!(one.root().is_alive());
}

#[wasm_bindgen_test]
async fn run_says_where_the_root_was_freed() {
    let page = PageTree::new();
    let root = page.root();
    let ended = page
        .try_run(async move {
            root.soon(move || root.free());
            root.sleep(hours(1)).await
        })
        .await;
    let Err(PageEnded::RootGone { failure: None, freed_at: Some(place) }) = ended else { panic!("{ended:?}") };
    assert!(place.file().ends_with("lives.rs"), "{place}");
    assert!(matches!(page.try_run(async {}).await, Err(PageEnded::RootGone { .. })));
}

#[wasm_bindgen_test]
async fn abandoning_a_run_abandons_its_request() {
    let page = PageTree::new();
    let root = page.root();
    let dropped = Rc::new(Cell::new(false));
    let value = Dropped(dropped.clone());
    {
        let mut run = Box::pin(page.run(async move {
            let _value = value;
            root.sleep(hours(1)).await
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        js::page_goes_on(5).await;
        assert!(!dropped.get());
    }
    assert!(dropped.get());
    assert_eq!(root.children().count(), 0);
}
