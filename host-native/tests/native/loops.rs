//! `Loop`, `run`: what they promise beyond the rows of the original; laws 16, 17, 20, 21.

use crate::sys::is_readable;
use crate::{a_loop, settle};
use hamadryad_native::{AnyNode, Io, Loop, Run, RunError, Wait, prelude::*};
use std::cell::Cell;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn law_21_timers_are_never_early() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let fired = Rc::new(Cell::new(0));
    for micros in [2_500, 50, 1_001, 333, 700] {
        let (fired, delay) = (fired.clone(), Duration::from_micros(micros));
        let start = Instant::now(); // the same clock
        root.after(delay, move || {
            assert!(start.elapsed() >= delay, "{:?} of {delay:?}", start.elapsed());
            fired.set(fired.get() + 1);
        });
    }
    while fired.get() < 5 {
        main_loop.turn(Wait::Forever).expect("a turn");
    }
}

#[test]
fn block_on_gives_the_result_and_may_borrow() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let name = String::from("borrowed");
    let len = main_loop.block_on(async {
        root.sleep(millis(1)).await?;
        Ok::<_, Ended>(name.len())
    });
    assert_eq!(len.expect("done"), 8);
}

#[test]
fn block_on_panics_when_the_root_goes() {
    let main_loop = a_loop();
    let root = main_loop.root();
    root.soon(move || root.free());
    let panic = catch_unwind(AssertUnwindSafe(|| main_loop.block_on(std::future::pending::<()>()))).expect_err("no root");
    let message = panic.downcast_ref::<String>().expect("a message");
    assert!(message.contains("loops.rs"), "it names the place of the free: {message}");
    let error = main_loop.turn(Wait::No).expect_err("no root");
    assert!(error.to_string().contains("loops.rs"), "{error}");
    assert!(main_loop.run().is_ok());
}

#[test]
fn law_17_an_uncontained_failure_ends_block_on_turn_and_run() {
    let main_loop = a_loop();
    main_loop.tree().set_grace(millis(1)); // the others, the one that waits here included, have that
    main_loop.root().spawn("doomed", async |_| Err::<(), _>(io::Error::other("no luck"))).detach();
    let panic = catch_unwind(AssertUnwindSafe(|| main_loop.block_on(std::future::pending::<()>()))).expect_err("no root");
    let message = panic.downcast_ref::<String>().expect("a message").clone();
    assert!(message.contains("doomed") && message.contains("no luck"), "{message}");
}

#[test]
fn law_17_run_returns_the_failure_with_its_path() {
    let result = hamadryad_native::run(|root| {
        root.spawn("serve", async |me: AnyNode| -> io::Result<()> {
            me.spawn("query", async |_| Err::<(), _>(io::Error::from_raw_os_error(libc::ECONNREFUSED))).await
        })
        .detach();
        Ok(())
    });
    let Err(error @ RunError::Failed(_)) = result else { panic!("{result:?}") };
    let message = format!("{error:?}");
    assert!(message.contains("serve") && message.contains("Connection refused"), "{message}");
    assert_eq!(message, error.to_string());
}

#[test]
fn run_ends_with_the_root_and_frees_all() {
    let freed = Rc::new(Cell::new(false));
    struct Last(Rc<Cell<bool>>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let last = Last(freed.clone());
    let result = Run::new().grace(millis(1)).run(move |root| {
        root.insert(last);
        root.after(millis(1), move || root.shutdown(secs(5)));
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
    assert!(freed.get());
}

#[test]
fn run_returns_what_the_setup_says_and_frees_what_it_made() {
    let freed = Rc::new(());
    let held = freed.clone();
    let result = hamadryad_native::run(move |root| {
        root.insert(held);
        Err("the port is taken".into())
    });
    assert_eq!(format!("{:?}", result.expect_err("an error")), "the port is taken");
    assert_eq!(Rc::strong_count(&freed), 1);
}

#[test]
fn a_waker_wakes_from_another_thread_again_and_again() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (to_thread, for_thread) = mpsc::channel::<std::task::Waker>();
    let thread = thread::spawn(move || for_thread.into_iter().for_each(std::task::Waker::wake));
    let request = root.spawn("ping", async move |_| {
        for _ in 0..1_000 {
            let mut sent = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut sent, true) {
                    return std::task::Poll::Ready(());
                }
                to_thread.send(context.waker().clone()).expect("the thread is there");
                std::task::Poll::Pending
            })
            .await;
        }
    });
    main_loop.block_on(request).expect("a thousand times");
    thread.join().expect("no panic");
}

/// How often a thread and the loop wait for each other.
const ROUNDS: usize = 300;

#[test]
fn what_was_posted_before_a_byte_was_sent_runs_before_who_reads_it() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (reader, mut writer) = pipe().expect("a pipe");
    let io = Io::new(root, reader).expect("watched");
    let posted = root.insert(Cell::new(0_usize));
    let remote = posted.remote();
    let (done, read) = mpsc::channel();
    let thread = thread::spawn(move || {
        for round in 1..=ROUNDS {
            remote.post(move |posted| posted.with(|posted| posted.set(round))).expect("the tree lives");
            writer.write_all(b"x").expect("written");
            read.recv().expect("it was read");
        }
    });
    let (end, completer) = root.completer::<usize, Ended>("end");
    let (rounds, in_time, completer) = (Cell::new(0), Cell::new(0), Cell::new(Some(completer)));
    io.on_readable(move |mut reader| {
        reader.read_exact(&mut [0]).expect("a byte");
        rounds.set(rounds.get() + 1);
        in_time.set(in_time.get() + usize::from(posted.with(Cell::get) == rounds.get()));
        done.send(()).expect("the thread waits");
        if rounds.get() == ROUNDS {
            drop(completer.take().map(|completer| completer.complete(Ok(in_time.get()))));
        }
    });
    assert_eq!(main_loop.block_on(end).expect("the root lives on"), ROUNDS);
    thread.join().expect("no panic");
}

/// Limits, posts and the end of a grace come through a descriptor that is always ready.
#[test]
fn whatever_else_there_is_comes_between_the_news_of_one_descriptor() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (reader, mut writer) = pipe().expect("a pipe");
    writer.write_all(b"x").expect("written");
    let io = Io::new(root, reader).expect("watched");
    io.on_readable(|_| ());

    let late = root.spawn("late", async |_| std::future::pending::<Result<(), Ended>>().await).timeout(millis(2));
    assert!(matches!(main_loop.block_on(late), Err(Ended::TimedOut { .. })));

    let (posted, completer) = root.completer::<(), Ended>("posted");
    let remote = root.insert(Cell::new(Some(completer))).remote();
    let thread = thread::spawn(move || {
        thread::yield_now();
        remote.post(|node| node.with(|completer| completer.take().map(|completer| completer.complete(Ok(()))))).expect("the tree lives");
    });
    main_loop.block_on(posted).expect("the root lives on");
    thread.join().expect("no panic");

    let node = *root.insert(());
    node.spawn("stubborn", async |me: AnyNode| me.sleep(hours(1)).await).detach();
    node.shutdown(millis(2));
    main_loop.block_on(node.notified(hamadryad_native::Waits::named("event"))).expect_err("it is freed");
}

#[test]
fn timers_and_a_descriptor_that_is_always_ready_are_both_served() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (reader, mut writer) = pipe().expect("a pipe");
    writer.write_all(b"x").expect("written");
    let io = Io::new(root, reader).expect("watched");
    let reads = Rc::new(Cell::new(0));
    let counted = reads.clone();
    io.on_readable(move |_| counted.set(counted.get() + 1));
    let ticks = Cell::new(0);
    let (end, completer) = root.completer::<(), Ended>("end");
    let completer = Cell::new(Some(completer));
    root.every(Duration::from_micros(500), move || {
        ticks.set(ticks.get() + 1);
        if ticks.get() == 10 {
            drop(completer.take().map(|completer| completer.complete(Ok(()))));
        }
    });
    main_loop.block_on(end).expect("the root lives on");
    assert!(reads.get() >= 10, "between two ticks it is read at least once: {}", reads.get());
}

#[test]
fn a_post_after_the_tree_is_harmless() {
    let main_loop = a_loop();
    let remote = main_loop.root().insert(1).remote();
    drop(main_loop);
    assert!(thread::spawn(move || remote.post(|_| ())).join().expect("no panic").is_err());
}

#[test]
fn the_descriptor_carries_timers() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let fired = Rc::new(Cell::new(0));
    assert!(!is_readable(&main_loop, 0));
    let count = fired.clone();
    let due = root.now() + millis(2);
    root.after(millis(2), move || count.set(count.get() + 1)); // set while the outer loop has the word
    assert!(!is_readable(&main_loop, 0) || root.now() >= due, "not before it is due");
    assert!(is_readable(&main_loop, 10_000), "the timer is due");
    main_loop.turn(Wait::No).expect("a turn");
    assert_eq!(fired.get(), 1);
    assert!(!is_readable(&main_loop, 0), "silent again");

    let count = fired.clone();
    let timer = root.after(hours(1), move || count.set(count.get() + 10));
    let count = fired.clone();
    root.after(millis(1), move || count.set(count.get() + 100)); // an earlier one
    assert!(is_readable(&main_loop, 10_000));
    while fired.get() < 101 {
        main_loop.turn(Wait::No).expect("a turn");
    }
    assert!(!is_readable(&main_loop, 0));
    timer.reset(millis(1));
    assert!(is_readable(&main_loop, 10_000));
}

#[test]
fn the_descriptor_carries_everything_else() {
    let main_loop = a_loop();
    let root = main_loop.root();
    assert!(!is_readable(&main_loop, 0));
    root.soon(|| ());
    assert!(is_readable(&main_loop, 0), "an immediate");
    settle(&main_loop);
    assert!(!is_readable(&main_loop, 0));

    let node = root.insert(());
    let remote = node.remote();
    thread::spawn(move || remote.post(|node| node.free()).expect("the tree is there"));
    assert!(is_readable(&main_loop, 10_000), "a post");
    settle(&main_loop);
    assert!(!node.is_alive());

    let (reader, mut writer) = pipe().expect("a pipe");
    let io = Io::new(root, reader).expect("watched");
    io.on_readable(|mut reader| reader.read_exact(&mut [0]).expect("a byte"));
    assert!(!is_readable(&main_loop, 0));
    writer.write_all(b"x").expect("written");
    assert!(is_readable(&main_loop, 0), "a descriptor");
    settle(&main_loop);
    assert!(!is_readable(&main_loop, 0));
}

#[test]
fn one_loop_inside_another() {
    let outer = a_loop();
    let inner = Rc::new(a_loop());
    let root = inner.root();
    let answer = root.spawn("inner", async move |_| {
        root.sleep(millis(1)).await?;
        Ok::<_, Ended>(42)
    });
    let result = Rc::new(Cell::new(None));
    let given = result.clone();
    answer.on_result(move |answer| given.set(answer.ok()));
    struct Inner(Rc<Loop>);
    impl std::os::fd::AsFd for Inner {
        fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    let io = Io::new(outer.root(), Inner(inner)).expect("watched");
    io.on_readable(|inner| inner.0.turn(Wait::No).expect("a turn"));
    while result.get().is_none() {
        outer.turn(Wait::Forever).expect("a turn");
    }
    assert_eq!(result.get(), Some(42));
}

#[test]
fn a_loop_that_was_driven_from_outside_can_drive_itself() {
    let main_loop = a_loop();
    let root = main_loop.root();
    assert!(!is_readable(&main_loop, 0));
    root.after(millis(1), || ());
    main_loop.block_on(root.sleep(millis(3))).expect("slept");
    assert!(!is_readable(&main_loop, 0));
    root.after(millis(1), || ());
    assert!(is_readable(&main_loop, 10_000));
}

/// Keeps the thread busy: what a callback does that takes too long.
fn toil(length: Duration) {
    let start = Instant::now();
    while start.elapsed() < length {}
}

/// A relay of several hops through pipes: its answer needs more than one turn after the first byte is there.
fn relay(main_loop: &Loop, hops: usize) -> (PipeWriter, Io<PipeReader>) {
    let (mut reader, start) = pipe().expect("a pipe");
    for _ in 0..hops {
        let (next, mut writer) = pipe().expect("a pipe");
        Io::new(main_loop.root(), reader).expect("watched").on_readable(move |mut from| {
            let mut byte = [0];
            if from.read_exact(&mut byte).is_ok() {
                writer.write_all(&byte).expect("room"); // else whoever waited has given up
            }
        });
        reader = next;
    }
    (start, Io::new(main_loop.root(), reader).expect("watched"))
}

#[test]
fn law_16_a_late_loop_takes_in_what_waits_before_deadlines_count() {
    // No longer than 200 ms is waited for the answer: what takes longer than that, since the machine has stalled, says nothing.
    let is_right = (0..50).any(|_| {
        let begin = Instant::now();
        let answer = answer_of_a_late_loop();
        assert!(answer.is_ok() || begin.elapsed() > TOIL + millis(200), "the answer was there: {answer:?}");
        answer.is_ok()
    });
    assert!(is_right, "a machine that does not stall all the time");
}

/// How long nobody looks.
const TOIL: Duration = millis(170);

fn answer_of_a_late_loop() -> io::Result<()> {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (mut start, end) = relay(&main_loop, 5);
    let answer = root.spawn("ask", async move |_| end.read_with(|mut end| end.read_exact(&mut [0])).await).timeout(millis(100));
    // The answer is under way within the time, but nobody looks until long after it.
    root.soon(move || {
        start.write_all(b"x").expect("written");
        toil(TOIL);
    });
    main_loop.block_on(answer)
}

#[test]
fn law_16_without_an_answer_a_late_loop_times_out() {
    let main_loop = a_loop();
    let root = main_loop.root();
    root.soon(|| toil(millis(90)));
    let ended = main_loop.block_on(root.spawn("ask", async |_| std::future::pending::<Result<(), Ended>>().await).timeout(millis(20)));
    assert!(matches!(ended, Err(Ended::TimedOut { .. })), "{ended:?}");
}

#[test]
fn law_20_input_is_taken_in_while_immediates_go_on_for_ever() {
    let main_loop = a_loop();
    let root = main_loop.root();
    fn again(root: AnyNode) {
        root.soon(move || again(root));
    }
    again(root);
    let (reader, mut writer) = pipe().expect("a pipe");
    let io = Io::new(root, reader).expect("watched");
    writer.write_all(b"x").expect("written");
    main_loop.block_on(io.readable()).expect("readable");
    assert!(main_loop.turn(Wait::Forever).expect("a turn").pending);
}

#[test]
fn random_bytes_and_clocks_come_from_the_system() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (mut one, mut other) = ([0; 32], [0; 32]);
    root.fill_random(&mut one);
    root.fill_random(&mut other);
    assert_ne!(one, other);
    let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let wall = Duration::from_nanos(root.wall_clock().as_nanos());
    assert!(wall.abs_diff(unix) < secs(60));
}
