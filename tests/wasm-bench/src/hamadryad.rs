//! hamadryad: a tree of the page, which lives from the first call to the last.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use hamadryad_wasm::net::WebSocket;
use hamadryad_wasm::{AnyNode, Channel, ChannelError, Ended, Freed, PageTree, Request, Timer, prelude::*};
use wasm_bindgen::prelude::*;

use crate::measured::{Measured, Stopwatch};
use crate::yield_once::yield_once;

/// The contestant.
#[wasm_bindgen]
#[derive(Default)]
pub struct Hamadryad {
    page: PageTree,
}

#[wasm_bindgen]
impl Hamadryad {
    /// A tree with nothing in it.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Hamadryad {
        Hamadryad::default()
    }

    /// `rounds` requests that yield once, each made when the one before it was done.
    pub async fn one(&self, rounds: u32) -> Measured {
        let root = self.page.root();
        let measure = async move {
            let mut right = 0;
            let stopwatch = Stopwatch::start();
            for i in 0..rounds {
                right += u32::from(request(root, i).await.ok() == Some(i + 1));
            }
            stopwatch.stop(right)
        };
        self.page.run(measure).await
    }

    /// `rounds` times `n` requests that yield once, all of them outstanding.
    pub async fn outstanding(&self, n: u32, rounds: u32) -> Measured {
        let root = self.page.root();
        let measure = async move {
            let mut right = 0;
            let mut started = Vec::with_capacity(n as usize);
            let stopwatch = Stopwatch::start();
            for _ in 0..rounds {
                started.extend((0..n).map(|i| request(root, i)));
                for (i, request) in (0..).zip(started.drain(..)) {
                    right += u32::from(request.await.ok() == Some(i + 1));
                }
            }
            stopwatch.stop(right)
        };
        self.page.run(measure).await
    }

    /// `rounds` times a timer for each of the delays, in milliseconds, all of them cancelled in the given order. Then some that fire.
    pub async fn timers(&self, delays_ms: Vec<u32>, order: Vec<u32>, rounds: u32) -> Measured {
        let root = self.page.root();
        let measure = async move {
            let fired = Rc::new(Cell::new(0));
            let mut timers = Vec::with_capacity(delays_ms.len());
            let mut cancelled = 0;
            let stopwatch = Stopwatch::start();
            for _ in 0..rounds {
                timers.extend(delays_ms.iter().map(|ms| timer(root, *ms, &fired)));
                for i in &order {
                    cancelled += u32::from(timers[*i as usize].free() == Freed::Gone { survivors: 0 });
                }
                timers.clear();
            }
            let measured = stopwatch.stop(cancelled);
            timer(root, 1, &fired);
            while fired.get() == 0 {
                root.sleep(millis(1)).await.expect("nobody frees the root");
            }
            Measured { got: measured.got + f64::from(fired.get()), ..measured }
        };
        self.page.run(measure).await
    }

    /// `rounds` times a message that a WebSocket server sends back, each sent when the one before it had come.
    pub async fn echo(&self, url: String, message: Vec<u8>, rounds: u32) -> Result<Measured, JsError> {
        let root = self.page.root();
        let measure = async move {
            let socket = WebSocket::connect(root, &url).await?;
            let mut right = 0;
            let mut answer = Vec::new();
            let stopwatch = Stopwatch::start();
            for _ in 0..rounds {
                socket.send(&message).await?;
                socket.receive(&mut answer).await?;
                right += u32::from(answer == message);
            }
            let measured = stopwatch.stop(right);
            socket.free();
            Ok::<_, ChannelError>(measured)
        };
        Ok(self.page.run(measure).await?)
    }
}

fn request(owner: AnyNode, i: u32) -> Request<u32, Ended> {
    owner.spawn("yields", async move |_| {
        yield_once().await;
        Ok::<_, Ended>(black_box(i) + 1)
    })
}

fn timer(owner: AnyNode, ms: u32, fired: &Rc<Cell<u32>>) -> Node<Timer> {
    let fired = fired.clone();
    owner.after(Duration::from_millis(u64::from(ms)), move || fired.set(fired.get() + 1))
}
