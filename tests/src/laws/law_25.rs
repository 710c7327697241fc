//! Law 25: posts are FIFO, never lost, and harmless after the tree has gone.

use crate::{Blocking, Trace, World, turns};
use hamadryad::Node;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};

/// What is posted runs on the tree's thread, in order, and is given the node.
pub async fn law_25_posts_are_first_come_first_served<W: World>(world: W) {
    let trace = Trace::new();
    let paper: Node<Trace> = world.ground().insert(trace.clone());
    let remote = paper.remote();
    for number in 0..5 {
        remote.post(move |node: Node<Trace>| node.with(|trace| trace.note(format!("post {number}")))).expect("the tree lives");
    }
    trace.expect(&[]);
    turns(world.root(), 2).await;
    trace.expect(&["post 0", "post 1", "post 2", "post 3", "post 4"]);
}

/// A closure's witness that can cross threads: counts its calls and its drops.
struct Witness {
    dropped: Arc<Mutex<Vec<ThreadId>>>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.dropped.lock().expect("nobody panics with it").push(thread::current().id());
    }
}

/// One whose node is gone when its turn comes is not run: it is dropped, and the post was no error.
pub async fn law_25_a_post_to_a_gone_node_is_dropped<W: World>(world: W) {
    let node = world.ground().insert(5);
    let remote = node.remote();
    let (dropped, ran) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    for freed_before in [false, true] {
        if freed_before {
            node.free();
        }
        let (witness, ran) = (Witness { dropped: dropped.clone() }, ran.clone());
        let posted = remote.post(move |_| {
            ran.fetch_add(1, Ordering::SeqCst);
            drop(witness);
        });
        assert!(posted.is_ok(), "a post fails only when the tree is gone");
    }
    turns(world.root(), 2).await;
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    assert_eq!(dropped.lock().expect("nobody panics with it").len(), 2);
}

/// A post fails only when the tree is gone; then it is harmless, and what was queued is dropped.
pub async fn law_25_posts_are_harmless_after_the_tree<W: World>(_world: W) {
    let other = W::new();
    let remote = other.root().insert(5).remote();
    let (dropped, ran) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let post = || {
        let (witness, ran) = (Witness { dropped: dropped.clone() }, ran.clone());
        remote.post(move |_| {
            ran.fetch_add(1, Ordering::SeqCst);
            drop(witness);
        })
    };
    assert!(post().is_ok());
    drop(other);
    assert_eq!(dropped.lock().expect("nobody panics with it").len(), 1, "what was queued is dropped with the tree");
    assert!(post().is_err());
    assert_eq!(dropped.lock().expect("nobody panics with it").len(), 2);
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

/// From another thread: in its order, none lost, while the loop waits.
pub async fn law_25_posts_from_threads_are_in_order<W: Blocking>(world: W) {
    const POSTS: usize = 2_000;
    let ground = world.ground();
    let seen: Node<Vec<(usize, usize)>> = ground.insert(Vec::new());
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let remote = seen.remote();
            thread::spawn(move || {
                for number in 0..POSTS {
                    let post = remote.post(move |node: Node<Vec<(usize, usize)>>| node.with_mut(|seen| seen.push((thread, number))));
                    post.expect("the tree lives");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("it does not panic");
    }
    turns(world.root(), 3).await;
    seen.with(|seen| {
        assert_eq!(seen.len(), 4 * POSTS);
        for thread in 0..4 {
            let numbers: Vec<usize> = seen.iter().filter(|(by, _)| *by == thread).map(|(_, number)| *number).collect();
            assert!(numbers.is_sorted() && numbers.len() == POSTS);
        }
    });
}

/// The closure of a post whose node is gone is dropped on the tree's thread.
pub async fn law_25_a_post_is_dropped_on_the_trees_thread<W: Blocking>(world: W) {
    let node = world.ground().insert(5);
    let remote = node.remote();
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let witness = Witness { dropped: dropped.clone() };
    let (posted, wait) = mpsc::channel();
    let poster = thread::spawn(move || {
        remote.post(move |_| drop(witness)).expect("the tree lives");
        posted.send(()).expect("the test waits");
    });
    wait.recv().expect("the thread posts");
    node.free();
    turns(world.root(), 2).await;
    poster.join().expect("it does not panic");
    assert_eq!(*dropped.lock().expect("nobody panics with it"), [thread::current().id()]);
}

/// Posting after the tree has gone fails on every thread.
pub async fn law_25_posts_from_threads_after_the_tree_fail<W: Blocking>(_world: W) {
    let other = W::new();
    let remote = other.root().insert(5).remote();
    drop(other);
    let failed = thread::spawn(move || remote.post(|node| node.free()).is_err());
    assert!(failed.join().expect("it does not panic"));
}
