//! [`SharedQuestions`]: identical questions in flight are one request.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hamadryad::{AnyNode, Completer, Ended, Node};

use super::Resolved;
use crate::{Question, Text};

/// What a waiter is told through.
pub(super) type Waiter = Completer<Resolved, Ended>;

/// The questions in flight, by what is asked: a node, and under it a request for each.
#[derive(Clone, Copy)]
pub(super) struct SharedQuestions(Node<Questions>);

#[derive(Default)]
struct Questions {
    /// Sorted: the library's map would be kilobytes of a page.
    #[expect(clippy::vec_box, reason = "thousands may be in flight, and where one is put in, all behind it are moved: a pointer each")]
    in_flight: Vec<Box<Shared>>,
    /// Never used twice, so that a waiter of an earlier flight of the same question is not taken for one of this.
    tickets: u64,
}

/// One question in flight.
struct Shared {
    question: Question,
    /// Freed, it ends the request.
    flight: AnyNode,
    /// With their tickets, which only grow: they are told in the order in which they came.
    waiters: Vec<(u64, Waiter)>,
}

impl SharedQuestions {
    pub(super) fn new(owner: AnyNode) -> SharedQuestions {
        SharedQuestions(owner.insert(Questions::default()).named("shared questions"))
    }

    /// Lets `waiter` wait for the answer to `question`; `body` finds it if nobody is at it yet. Who drops the place waits no more.
    pub(super) fn join<F, Fut>(self, question: &Question, waiter: Waiter, body: F) -> Place
    where
        F: FnOnce(AnyNode) -> Fut + 'static,
        Fut: Future<Output = Result<Resolved, Ended>> + 'static,
    {
        // Stale when the resolver's owner is gone: the waiter is dropped, and its request ends with an error.
        let joined = self.0.try_with_mut(|questions| questions.join(question, waiter, || self.start(question, body)));
        Place { questions: self, question: question.clone(), ticket: joined.unwrap_or(0) }
    }

    /// None of its code runs before this has returned.
    fn start<F, Fut>(self, question: &Question, body: F) -> AnyNode
    where
        F: FnOnce(AnyNode) -> Fut + 'static,
        Fut: Future<Output = Result<Resolved, Ended>> + 'static,
    {
        let asked = question.clone();
        let request = self.0.spawn("question", body).label(question.text());
        request.on_result(move |result| self.finish(&asked, &result))
    }

    /// The news goes to every waiter. They run later, so none of them can get in the way of this.
    fn finish(self, question: &Question, result: &Result<Resolved, Ended>) {
        let Ok(Some(shared)) = self.0.try_with_mut(|questions| questions.remove(question)) else { return };
        for (_, waiter) in shared.waiters {
            let _gone_meanwhile = waiter.complete(result.clone());
        }
    }
}

impl Questions {
    /// The waiter's ticket.
    fn join(&mut self, question: &Question, waiter: Waiter, start: impl FnOnce() -> AnyNode) -> u64 {
        self.tickets += 1;
        let at = self.find(question).unwrap_or_else(|at| {
            let shared = Shared { question: question.clone(), flight: start(), waiters: Vec::new() };
            self.in_flight.insert(at, Box::new(shared));
            at
        });
        self.in_flight[at].waiters.push((self.tickets, waiter));
        self.tickets
    }

    /// Where it is, or else where it belongs.
    fn find(&self, question: &Question) -> Result<usize, usize> {
        self.in_flight.binary_search_by(|shared| shared.question.cmp(question))
    }

    fn remove(&mut self, question: &Question) -> Option<Box<Shared>> {
        let at = self.find(question).ok()?;
        Some(self.in_flight.remove(at))
    }

    /// The flight that nobody waits for any more, if that was the last.
    fn leave(&mut self, question: &Question, ticket: u64) -> Option<AnyNode> {
        let at = self.find(question).ok()?;
        let waiters = &mut self.in_flight[at].waiters;
        let place = waiters.iter().position(|waiter| waiter.0 == ticket)?;
        drop(waiters.remove(place));
        if waiters.is_empty() { Some(self.in_flight.remove(at).flight) } else { None }
    }
}

/// A place among those who wait for a question.
pub(super) struct Place {
    questions: SharedQuestions,
    question: Question,
    ticket: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let orphan = self.questions.0.try_with_mut(|questions| questions.leave(&self.question, self.ticket));
        if let Ok(Some(flight)) = orphan {
            flight.free();
        }
    }
}
