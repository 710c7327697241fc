//! [`Tell`]: who hears of what nobody in the tree took.

use crate::{Failure, sys};
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::task::Waker;

/// Who hears of what nobody in the tree took. Behind a table of functions, so that a page that only writes to the console links no more
/// than that.
pub(crate) trait Tell {
    /// A failure that nobody contained.
    fn failed(&self, failure: Failure);
    /// A panic trapped: path and message, which the console has already.
    fn trapped(&self, text: &str);
}

/// The console, at once.
pub(crate) struct Console;

impl Tell for Console {
    fn failed(&self, failure: Failure) {
        sys::console_error(failure.text());
    }

    fn trapped(&self, _: &str) {}
}

/// Keeps it for whoever waits; a failure that nobody took goes to the console in the end.
#[derive(Default)]
pub(crate) struct Kept {
    failure: RefCell<Option<Failure>>,
    trapped: RefCell<Option<String>>,
    /// Tasks of the page's own executor that wait for something in this tree: a trap wakes them, since nothing else will.
    waiting: RefCell<Vec<Waker>>,
}

impl Kept {
    /// The failure nobody contained. Given once.
    pub(crate) fn take_failure(&self) -> Option<Failure> {
        self.failure.take()
    }

    /// Path and message of the panic that trapped, if one did.
    pub(crate) fn text_of_trap(&self) -> Option<String> {
        self.trapped.borrow().clone()
    }

    /// `waker` is woken when the tree traps.
    pub(crate) fn wait_for_trap(&self, waker: &Waker) {
        let mut waiting = self.waiting.borrow_mut();
        if !waiting.iter().any(|known| known.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }
}

impl Tell for Rc<Kept> {
    fn failed(&self, failure: Failure) {
        self.failure.replace(Some(failure));
    }

    fn trapped(&self, text: &str) {
        self.trapped.replace(Some(text.to_string()));
        for waker in self.waiting.take() {
            waker.wake();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(failure) = self.failure.take() {
            Console.failed(failure);
        }
    }
}
