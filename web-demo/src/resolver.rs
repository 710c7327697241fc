//! [`Resolver`]: asks upstreams in turn, and asks nothing twice at the same time.

mod ask;
mod shared;

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use domain::base::Message;
use domain::base::iana::OptRcode;
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Connect, Ended};

use crate::attempt::{Attempt, add_attempts};
use crate::{Answer, Question, Text};
use ask::ask;
use shared::SharedQuestions;

/// Someone to ask.
#[derive(Clone, Debug)]
pub struct Upstream<P> {
    /// For people: in the report and on the terminal.
    pub name: Rc<str>,
    /// For the network.
    pub peer: P,
}

impl<P> Upstream<P> {
    /// An upstream and its name.
    pub fn new(name: impl Into<Rc<str>>, peer: P) -> Upstream<P> {
        Upstream { name: name.into(), peer }
    }
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one upstream.
    pub each: Duration,
    /// For a question, over all upstreams.
    pub overall: Duration,
}

/// 400 ms for each, 2 s over all.
impl Default for Limits {
    fn default() -> Limits {
        Limits { each: millis(400), overall: secs(2) }
    }
}

/// Resolves questions with the help of upstreams. A cheap handle: clones ask for the same owner and share the same questions.
///
/// A question asked by many at the same time is one request under the resolver's node. Every one of its waiters gets the result; it ends
/// when it has one, when its time is over, or when the last waiter has gone.
pub struct Resolver<C: Connect> {
    setup: Rc<Setup<C>>,
    questions: SharedQuestions,
}

struct Setup<C: Connect> {
    connect: C,
    upstreams: Vec<Upstream<C::Peer>>,
    limits: Limits,
}

impl<C: Connect> Clone for Resolver<C> {
    fn clone(&self) -> Self {
        Resolver { setup: self.setup.clone(), questions: self.questions }
    }
}

impl<C: Connect + 'static> Resolver<C> {
    /// A resolver whose questions live under `owner`. `upstreams` are asked in this order.
    ///
    /// # Panics
    ///
    /// When `owner` is stale or ending.
    pub fn new(owner: impl Into<AnyNode>, connect: C, upstreams: Vec<Upstream<C::Peer>>, limits: Limits) -> Resolver<C> {
        Resolver { setup: Rc::new(Setup { connect, upstreams, limits }), questions: SharedQuestions::new(owner.into()) }
    }

    /// The upstreams, in the order in which they are asked.
    pub fn upstreams(&self) -> &[Upstream<C::Peer>] {
        &self.setup.upstreams
    }

    /// The answer to a question: the first usable one of an upstream. `me` waits for it.
    ///
    /// NOERROR, NXDOMAIN and NOTIMP are answers; with any other code, a garbled message or none within [`Limits::each`] the next upstream
    /// is asked. Nobody is asked twice.
    ///
    /// Cancel-safe: dropping the future gives up this one's wish, and ends the question if no one else waits for it.
    ///
    /// # Errors
    ///
    /// [`ResolveError::NoAnswer`] when nobody answered in time, [`ResolveError::Ended`] when `me` or the resolver's owner is freed.
    pub async fn resolve(&self, me: AnyNode, question: &Question) -> Result<Answer, ResolveError> {
        let (answer, waiter) = me.completer("answer");
        let (setup, asked) = (self.setup.clone(), question.clone());
        let _place = self.questions.join(question, waiter, move |me| ask_in_turn(me, setup, asked));
        Ok(answer.await??)
    }
}

/// Every upstream in turn, within the overall limit; what was tried and what came is kept outside of the scope: it outlives its deadline, and
/// is not moved from future to future.
async fn ask_in_turn<C: Connect>(me: AnyNode, setup: Rc<Setup<C>>, question: Question) -> Result<Resolved, Ended> {
    let (mut attempts, mut message) = (Vec::new(), None);
    let first = me.scope("upstreams", |me| first_answer(me, &setup, &question, &mut attempts, &mut message));
    match (first.timeout(setup.limits.overall).await, message) {
        (Ok(Some(rcode)), Some(message)) => Ok(Ok(Answer::new(message, rcode, attempts))),
        (Ok(_) | Err(Ended::TimedOut { .. }), _) => Ok(Err(NoAnswer(Rc::new(attempts)))),
        (Err(ended), _) => Err(ended),
    }
}

/// The code of the first answer, which is in `message` then.
async fn first_answer<C: Connect>(
    me: AnyNode,
    setup: &Setup<C>,
    question: &Question,
    attempts: &mut Vec<Attempt>,
    message: &mut Option<Message<Vec<u8>>>,
) -> Result<Option<OptRcode>, Ended> {
    for Upstream { name, peer } in &setup.upstreams {
        let began = me.now();
        let asked = me.scope("ask", |me| ask(me.label(&**name), &setup.connect, peer, question, message));
        let result = asked.timeout(setup.limits.each).await;
        let rcode = result.as_ref().ok().copied();
        attempts.push(Attempt { upstream: name.clone(), took: me.now() - began, result });
        if rcode.is_some() {
            return Ok(rcode);
        }
    }
    Ok(None)
}

/// What came of a question that was not ended. Ended, its request has an [`Ended`], as all have: types of its own would be dear in a page.
type Resolved = Result<Answer, NoAnswer>;

/// Why a question has no answer. Cheap to copy: all who share a question get the same news.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ResolveError {
    /// No upstream gave an answer that can be used, or the time was over first.
    NoAnswer(NoAnswer),
    /// Nobody waits any more, or the question was ended from outside.
    Ended(Ended),
}

/// Whom we asked in vain.
#[derive(Clone, Debug)]
pub struct NoAnswer(Rc<Vec<Attempt>>);

impl NoAnswer {
    /// In order. An attempt that was under way when the overall limit struck is not among them.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0
    }
}

impl From<NoAnswer> for ResolveError {
    fn from(no_answer: NoAnswer) -> ResolveError {
        ResolveError::NoAnswer(no_answer)
    }
}

impl From<Ended> for ResolveError {
    fn from(ended: Ended) -> ResolveError {
        ResolveError::Ended(ended)
    }
}

impl Text for ResolveError {
    fn add_to(&self, text: &mut String) {
        match self {
            ResolveError::NoAnswer(NoAnswer(attempts)) if attempts.is_empty() => text.push_str("no upstream answered in time"),
            ResolveError::NoAnswer(NoAnswer(attempts)) => {
                text.push_str("no upstream answered: ");
                add_attempts(attempts, text);
            }
            ResolveError::Ended(ended) => text.push_str(&ended.text()),
        }
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl core::error::Error for ResolveError {}
