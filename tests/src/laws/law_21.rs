//! Law 21: timers fire never early, in deadline order, FIFO on ties; re-arming and freeing are legal anywhere.

use crate::{Hand, Trace, World};
use hamadryad::prelude::*;
use hamadryad::{AnyNode, Deadlines, Freed, Instant, Node, Timer};
use std::cell::Cell;
use std::rc::Rc;

/// In the order of their deadlines, FIFO on ties.
pub async fn law_21_timers_fire_in_the_order_of_their_deadlines<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    for (name, delay) in [("6 a", 6), ("2 a", 2), ("4", 4), ("6 b", 6), ("2 b", 2), ("6 c", 6)] {
        ground.after(millis(delay), trace.noting(name));
    }
    ground.sleep(millis(9)).await.expect("the ground is alive");
    trace.expect(&["2 a", "2 b", "4", "6 a", "6 b", "6 c"]);
}

/// Never early.
pub async fn law_21_no_timer_is_early<W: World>(world: W) {
    let ground = world.ground();
    let start = ground.now();
    let fired = Rc::new(Cell::new(0));
    for delay in 0..8 {
        let fired = fired.clone();
        ground.after(millis(delay), move || {
            assert!(ground.now() - start >= millis(delay));
            fired.set(fired.get() + 1);
        });
    }
    let slept = ground.spawn("sleeper", async move |me: AnyNode| {
        me.sleep(millis(5)).await?;
        Ok::<_, Ended>(me.now())
    });
    assert!(slept.await.expect("nobody ends it") - start >= millis(5));
    ground.sleep_until(start + millis(9)).await.expect("the ground is alive");
    assert!(ground.now() - start >= millis(9));
    assert_eq!(fired.get(), 8);
}

/// A periodic timer fires again and again, until it is freed.
pub async fn law_21_every_fires_until_it_is_freed<W: World>(world: W) {
    let ground = world.ground();
    let (request, done) = ground.completer::<u32, Ended>("third time");
    let (mut done, mut count) = (Some(done), 0);
    let timer = ground.every(millis(1), move || {
        count += 1;
        if count == 3 {
            let _ = done.take().map(|done| done.complete(Ok(count)));
        }
    });
    assert_eq!(request.await.expect("it is completed"), 3);
    assert_eq!(timer.free(), Freed::Gone { survivors: 0 });
}

/// A timer can be re-armed, to be later and to be earlier; one that has fired cannot.
pub async fn law_21_a_timer_can_be_re_armed<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let later = ground.after(millis(1), trace.noting("later"));
    let earlier = ground.after(hours(1), trace.noting("earlier"));
    ground.after(millis(3), trace.noting("between"));
    assert!(later.reset(millis(5)));
    assert!(earlier.reset(millis(1)));
    ground.sleep(millis(8)).await.expect("the ground is alive");
    trace.expect(&["earlier", "between", "later"]);
    assert!(!later.reset(millis(1)) && !earlier.reset(millis(1)), "they have fired");
    assert!(!later.is_alive());
}

/// `sleep(d)` counts from the call, not from the first poll.
pub async fn law_21_sleep_counts_from_the_call<W: World>(world: W) {
    let ground = world.ground();
    let start = ground.now();
    let sleep = ground.sleep(millis(4));
    ground.sleep(millis(8)).await.expect("the ground is alive");
    let before = ground.now();
    sleep.await.expect("the ground is alive");
    assert_eq!(ground.now(), before, "it was over before it was first polled");
    assert!(before - start >= millis(8));
}

/// To the nanosecond, in virtual time.
pub fn law_21_not_a_nanosecond_early() {
    let hand = Hand::new();
    let trace = Trace::new();
    hand.root().after(millis(5), trace.noting("timer"));
    hand.turn();
    assert_eq!(hand.tree.next_deadline(), Some(Hand::instant(5)));
    hand.tree.turn(Instant::from_nanos(4_999_999), Deadlines::Count);
    trace.expect(&[]);
    hand.tree.turn(Instant::from_nanos(5_000_000), Deadlines::Count);
    trace.expect(&["timer"]);
    assert_eq!(hand.tree.next_deadline(), None);
}

/// All that are due fire in one turn, by deadline; ties in the order of arming.
pub fn law_21_late_timers_fire_in_order() {
    let hand = Hand::new();
    let trace = Trace::new();
    let root = hand.root();
    let first = root.after(millis(5), trace.noting("5, armed last"));
    root.after(millis(5), trace.noting("5 a"));
    root.after(millis(3), trace.noting("3 a"));
    root.after(millis(9), trace.noting("9"));
    root.after(millis(5), trace.noting("5 b"));
    root.after(millis(3), trace.noting("3 b"));
    assert!(first.reset(millis(5)));
    hand.turn_at(100);
    trace.expect(&["3 a", "3 b", "5 a", "5 b", "5, armed last", "9"]);
}

/// A thousand in a scrambled order.
pub fn law_21_a_thousand_timers_fire_in_order() {
    let hand = Hand::new();
    let fired: Rc<Cell<(u64, u64)>> = Rc::default();
    for index in 0..1_000_u64 {
        let (fired, delay) = (fired.clone(), index * 7_919 % 100);
        hand.root().after(millis(delay), move || {
            let (count, last) = fired.get();
            assert!(delay >= last, "{delay} ms after {last} ms");
            fired.set((count + 1, delay));
        });
    }
    for ms in 0..100 {
        hand.turn_at(ms);
        assert_eq!(fired.get(), ((ms + 1) * 10, ms));
    }
}

/// Another timer's handler may free or re-arm one that is due in the same turn.
pub fn law_21_a_handler_may_free_or_re_arm_another() {
    let hand = Hand::new();
    let trace = Trace::new();
    let root = hand.root();
    let others: Rc<Cell<Option<[Node<Timer>; 2]>>> = Rc::default();
    let (set, note) = (others.clone(), trace.clone());
    root.after(millis(5), move || {
        let [freed, re_armed] = set.get().expect("set below");
        note.note(format!("{:?} {}", freed.free(), re_armed.reset(millis(2))));
    });
    let freed = root.after(millis(5), trace.noting("freed"));
    let re_armed = root.after(millis(5), trace.noting("re-armed"));
    others.set(Some([freed, re_armed]));
    hand.turn_at(5);
    trace.expect(&["Gone { survivors: 0 } true"]);
    hand.turn_at(6);
    trace.expect(&[]);
    hand.turn_at(7);
    trace.expect(&["re-armed"]);
}

/// A one-shot timer is ending while its handler runs: `reset` and `free` in it do nothing and say so.
pub fn law_21_a_one_shot_is_ending_while_its_handler_runs() {
    let hand = Hand::new();
    let trace = Trace::new();
    let own: Rc<Cell<Option<Node<Timer>>>> = Rc::default();
    let (me, note) = (own.clone(), trace.clone());
    let timer = hand.root().after(millis(5), move || {
        let me = me.get().expect("set below");
        note.note(format!("alive {}, reset {}, free {:?}", me.is_alive(), me.reset(millis(1)), me.free()));
    });
    own.set(Some(timer));
    hand.turn_at(5);
    trace.expect(&["alive true, reset false, free AlreadyEnding"]);
    assert!(!timer.is_alive());
    assert_eq!(hand.tree.next_deadline(), None);
    hand.turn_at(10);
    trace.expect(&[]);
}

/// Fires a periodic timer of 10 ms at each of the times, and gives back at which of them it was called.
fn called_at(hand: &Hand, trace: &Trace, times: &[u64]) -> Vec<u64> {
    let called = |ms: &u64| {
        hand.turn_at(*ms);
        match trace.take().len() {
            0 => false,
            1 => true,
            more => panic!("{more} calls at {ms} ms"),
        }
    };
    times.iter().copied().filter(called).collect()
}

/// `every` keeps its phase: periods missed give one call, the next comes at the first multiple after now.
pub fn law_21_every_keeps_its_phase() {
    let hand = Hand::new();
    let trace = Trace::new();
    hand.root().every(millis(10), trace.noting("called"));
    assert_eq!(called_at(&hand, &trace, &[0, 9, 10, 11, 19, 20, 35, 39, 40, 41, 60, 69, 70]), [10, 20, 35, 40, 60, 70]);
    assert_eq!(hand.tree.next_deadline(), Some(Hand::instant(80)));
}

/// Reset, it waits that delay, then its period: from outside and in its own handler.
pub fn law_21_every_reset_waits_that_delay_then_its_period() {
    let hand = Hand::new();
    let trace = Trace::new();
    let timer = hand.root().every(millis(10), trace.noting("called"));
    assert!(timer.reset(millis(3)));
    assert_eq!(called_at(&hand, &trace, &[2, 3, 10, 12, 13, 20, 22, 23]), [3, 13, 23]);
    timer.free();

    let own: Rc<Cell<Option<Node<Timer>>>> = Rc::default();
    let (me, note, resets) = (own.clone(), trace.noting("called"), Cell::new(1));
    let timer = hand.root().every(millis(10), move || {
        note();
        if resets.replace(0) == 1 {
            assert!(me.get().expect("set below").reset(millis(4)));
        }
    });
    own.set(Some(timer));
    assert_eq!(called_at(&hand, &trace, &[32, 33, 36, 37, 43, 46, 47, 57]), [33, 37, 47, 57]);
}

/// A period of 0 is once a turn.
pub fn law_21_a_period_of_zero_is_once_a_turn() {
    let hand = Hand::new();
    let trace = Trace::new();
    let timer = hand.root().every(millis(0), trace.noting("called"));
    for _ in 0..5 {
        let turn = hand.turn();
        assert!(turn.pending, "it is due again");
        trace.expect(&["called"]);
    }
    timer.free();
    assert!(!hand.turn().pending);
    trace.expect(&[]);
}

/// It stops nobody else: time passes all the same.
pub async fn law_21_a_period_of_zero_does_not_hold_time_up<W: World>(world: W) {
    let trace = Trace::new();
    let ground = world.ground();
    let timer = ground.every(millis(0), trace.noting("called"));
    ground.sleep(millis(2)).await.expect("the ground is alive");
    let slow = ground.spawn("slow", async |me| me.sleep(hours(1)).await).timeout(millis(2));
    assert!(matches!(slow.await, Err(Ended::TimedOut { .. })));
    assert!(trace.count("called") >= 2);
    timer.free();
}

/// `sleep` counts from its call and `sleep_until` ends at its time, exactly.
pub fn law_21_sleeps_end_exactly() {
    let hand = Hand::new();
    let trace = Trace::new();
    let note = trace.clone();
    hand.root()
        .spawn("sleeper", async move |me: AnyNode| {
            let sleep = me.sleep(millis(10));
            me.sleep(millis(6)).await?;
            note.note(format!("{:?}", me.now() - Hand::instant(0)));
            sleep.await?;
            note.note(format!("{:?}", me.now() - Hand::instant(0)));
            me.sleep_until(Hand::instant(13)).await?;
            note.note(format!("{:?}", me.now() - Hand::instant(0)));
            me.sleep_until(Hand::instant(1)).await?;
            note.note(format!("{:?}", me.now() - Hand::instant(0)));
            Ok::<_, Ended>(())
        })
        .detach();
    for ms in 0..=20 {
        hand.turn_at(ms);
        hand.settle();
    }
    trace.expect(&["6ms", "10ms", "13ms", "13ms"]);
}

/// A deadline that never comes is no overflow.
pub fn law_21_the_longest_delay_never_comes() {
    let hand = Hand::new();
    let trace = Trace::new();
    hand.root().after(std::time::Duration::MAX, trace.noting("timer"));
    hand.root().every(std::time::Duration::MAX, trace.noting("period"));
    hand.root().after(hours(1_000), trace.noting("in weeks"));
    hand.turn_at(3_600_000 * 999);
    trace.expect(&[]);
    hand.turn_at(3_600_000 * 1_000);
    trace.expect(&["in weeks"]);
}
