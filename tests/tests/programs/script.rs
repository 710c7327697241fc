//! [`Script`]: the future of a program's request.

use std::{
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use hamadryad::{AnyNode, Completer, Ended, millis};

use crate::{
    deeds::{Here, act},
    program::{Guard, Handle, Program, Value, Waits},
};

/// What a request's future owns.
pub(crate) struct Owned {
    pub(crate) me: AnyNode,
    pub(crate) guards: Vec<Guard>,
    pub(crate) handles: Vec<Handle>,
    pub(crate) completers: Vec<Completer<Value, Ended>>,
    pub(crate) waits: Vec<Waits>,
}

/// Does some deeds in each poll; then it is ready, fails, panics, lets others go first, sleeps, or waits for whatever wakes it.
pub(crate) struct Script {
    program: Rc<Program>,
    number: u32,
    owned: Owned,
}

impl Script {
    pub(crate) fn new(program: &Rc<Program>, number: u32, me: AnyNode, guard: Guard) -> Script {
        let owned = Owned { me, guards: vec![guard], handles: Vec::new(), completers: Vec::new(), waits: Vec::new() };
        Script { program: program.clone(), number, owned }
    }
}

impl Future for Script {
    type Output = Result<Value, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (program, number) = (self.program.clone(), self.number);
        program.say(format_args!("poll {number}"));
        self.owned.waits.retain_mut(|wait| wait.as_mut().poll(context).is_pending());
        for _ in 0..program.below(4) {
            act(&program, Here::InPoll(context, &mut self.owned));
        }
        program.panic_one_in(60);
        match program.below(10) {
            0 | 1 => {
                program.say(format_args!("ready {number}"));
                return Poll::Ready(Ok(program.value()));
            }
            2 => return Poll::Ready(Err(freed(self.owned.me))),
            3 | 4 => context.waker().wake_by_ref(),
            5 => {
                program.wakers.borrow_mut().push(context.waker().clone());
                let clone = context.waker().clone();
                clone.wake();
            }
            6 | 7 => self.sleep(context),
            _ => {}
        }
        Poll::Pending
    }
}

impl Script {
    fn sleep(&mut self, context: &mut Context<'_>) {
        let sleep = self.owned.me.sleep(millis(self.program.below(4).into()));
        let mut sleep: Waits = Box::pin(async move { drop(sleep.await) });
        if sleep.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
        self.owned.waits.push(sleep);
    }
}

/// An error that a body can give.
fn freed(me: AnyNode) -> Ended {
    let node: AnyNode = match me.try_insert(()) {
        Ok(node) => node.into(),
        Err(_) => me,
    };
    node.free();
    let mut sleep = std::pin::pin!(node.sleep(millis(1)));
    match sleep.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(Err(ended)) => ended,
        _ => unreachable!("it was freed"),
    }
}
