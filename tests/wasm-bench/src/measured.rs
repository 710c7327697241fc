//! [`Measured`]: what one call of a contestant gave.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// How long it took, and whether the work was done.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Milliseconds of all operations together.
    pub ms: f64,
    /// How many callbacks and right results there were.
    pub got: f64,
}

/// A running measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    begun: f64,
}

impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Stopwatch {
        Stopwatch { begun: performance_now() }
    }

    /// What went by, in which `got` was got.
    pub(crate) fn stop(self, got: u32) -> Measured {
        Measured { ms: performance_now() - self.begun, got: f64::from(got) }
    }
}
