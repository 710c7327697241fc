//! [`SingleThread`]: a `static` of what is not `Sync`.
#![cfg_attr(target_family = "wasm", expect(unsafe_code, reason = "the one assertion that wasm without atomics has no second thread"))]

#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
compile_error!("hamadryad-wasm is for wasm without threads: build without the `atomics` target feature");

pub(crate) use only::SingleThread;

#[cfg(target_family = "wasm")]
mod only {
    /// A value that all code reaches, because all code runs on one thread.
    pub(crate) struct SingleThread<T>(T);

    // SAFETY: without the target feature `atomics` (refused above) a wasm instance has one thread, and its memory cannot be shared
    // with another instance. So `&T` is never used by two threads, which is all that `Sync` promises.
    unsafe impl<T> Sync for SingleThread<T> {}

    impl<T> SingleThread<T> {
        pub(crate) const fn new(value: T) -> SingleThread<T> {
            SingleThread(value)
        }

        /// `None` where there may be several threads: outside of the browser.
        pub(crate) fn get(&self) -> Option<&T> {
            Some(&self.0)
        }
    }
}

#[cfg(not(target_family = "wasm"))]
mod only {
    use core::marker::PhantomData;

    /// Holds nothing where there may be several threads; no tree of this crate exists there.
    pub(crate) struct SingleThread<T>(PhantomData<fn() -> T>);

    impl<T> SingleThread<T> {
        pub(crate) const fn new(value: T) -> SingleThread<T> {
            core::mem::forget(value); // `T` may have a `Drop`, which a const function cannot run
            SingleThread(PhantomData)
        }

        pub(crate) fn get(&self) -> Option<&T> {
            None
        }
    }
}
