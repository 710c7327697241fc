//! The pages there are: whoever panics has to find out whose code is on the stack.

use crate::page::Page;
use crate::single_thread::SingleThread;
use alloc::rc::Rc;
use core::cell::Cell;

/// A list of pages, from one to the [next](Page::next).
pub(crate) type List = Cell<Option<Rc<Page>>>;

static PAGES: SingleThread<List> = SingleThread::new(Cell::new(None));

/// The page stays until its tree ends, though nobody else may hold it; a panic in its code will be told and will close it.
pub(crate) fn add(page: Rc<Page>) {
    if let Some(pages) = PAGES.get() {
        page.next.set(pages.take());
        pages.set(Some(page));
    }
}

/// The tree of a page has ended. Whoever calls this holds it.
pub(crate) fn remove(page: &Page) {
    let Some(pages) = PAGES.get() else { return };
    let mut rest = pages.take();
    while let Some(other) = rest {
        rest = other.next.take();
        if !core::ptr::eq(&*other, page) {
            add(other);
        }
    }
}

/// One of the pages of which that is true.
pub(crate) fn find(is_it: impl Fn(&Page) -> bool) -> Option<Rc<Page>> {
    let mut next = get(PAGES.get()?);
    while let Some(page) = next {
        if is_it(&page) {
            return Some(page);
        }
        next = get(&page.next);
    }
    None
}

fn get(link: &List) -> Option<Rc<Page>> {
    let page = link.take();
    link.set(page.clone());
    page
}
