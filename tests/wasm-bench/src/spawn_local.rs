//! `wasm_bindgen_futures::spawn_local`: a task that awaits a resolved `Promise`. It has no handle, so its result comes by way of a cell.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hint::black_box;
use std::rc::Rc;
use std::task::{Poll, Waker};

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::measured::{Measured, Stopwatch};

/// What `n` tasks have to do before the one who waits goes on.
#[derive(Default)]
struct Batch {
    left: Cell<u32>,
    right: Cell<u32>,
    waiting: RefCell<Option<Waker>>,
}

impl Batch {
    fn of(n: u32) -> Rc<Batch> {
        Rc::new(Batch { left: Cell::new(n), ..Batch::default() })
    }

    fn spawn(self: &Rc<Self>, i: u32) {
        let batch = self.clone();
        spawn_local(async move {
            let is_well = JsFuture::from(Promise::resolve(&JsValue::NULL)).await.is_ok();
            batch.done(u32::from(is_well && black_box(i) == i));
        });
    }

    fn done(&self, right: u32) {
        self.right.set(self.right.get() + right);
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0
            && let Some(waker) = self.waiting.take()
        {
            waker.wake();
        }
    }

    /// Waits for all of them, and gives how many were right.
    async fn all(&self) -> u32 {
        poll_fn(|context| {
            if self.left.get() == 0 {
                return Poll::Ready(self.right.get());
            }
            self.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await
    }
}

/// `rounds` tasks that await a resolved promise, each made when the one before it was done.
#[wasm_bindgen(js_name = spawnLocalOne)]
pub async fn spawn_local_one(rounds: u32) -> Measured {
    spawn_local_outstanding(1, rounds).await
}

/// `rounds` times `n` tasks that await a resolved promise, all of them outstanding.
#[wasm_bindgen(js_name = spawnLocalOutstanding)]
pub async fn spawn_local_outstanding(n: u32, rounds: u32) -> Measured {
    let mut right = 0;
    let stopwatch = Stopwatch::start();
    for _ in 0..rounds {
        let batch = Batch::of(n);
        (0..n).for_each(|i| batch.spawn(i));
        right += batch.all().await;
    }
    stopwatch.stop(right)
}
