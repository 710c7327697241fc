//! What the compiler itself refuses, each as an example that must not compile, beside its twin that does.
//!
//! # Handles stay in their thread
//!
//! What crosses is an id, a [`Remote`](hamadryad::Remote), a waker and what a request ended with:
//!
//! ```
//! use hamadryad::{Ended, Node, NodeId, Remote, TreeGone};
//! fn crosses<T: Send + Sync + 'static>() {}
//! crosses::<NodeId>();
//! crosses::<Remote<std::rc::Rc<u32>>>();
//! crosses::<TreeGone>();
//! crosses::<Ended>();
//! crosses::<std::task::Waker>();
//! ```
//!
//! A tree does not:
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::Tree>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<hamadryad::Tree>();
//! ```
//!
//! Nor does a simulated one:
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::sim::Sim>();
//! ```
//!
//! Nor a node, typed or not, whatever its type:
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::Node<u32>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<hamadryad::Node<u32>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::AnyNode>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<hamadryad::AnyNode>();
//! ```
//!
//! Nor what owns one:
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::Owned<u32>>();
//! ```
//!
//! Nor a request, nor who completes it:
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::Request<u32, hamadryad::Ended>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<hamadryad::Request<u32, hamadryad::Ended>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn crosses<T: Send>() {}
//! crosses::<hamadryad::Completer<u32, hamadryad::Ended>>();
//! ```
//!
//! ```compile_fail,E0277
//! fn shared<T: Sync>() {}
//! shared::<hamadryad::Completer<u32, hamadryad::Ended>>();
//! ```
//!
//! Nor a post's closure that holds a handle:
//!
//! ```compile_fail,E0277
//! # use hamadryad::sim::Sim;
//! let sim = Sim::seeded(1);
//! let (node, other) = (sim.root().insert(1), sim.root().insert(2));
//! let _ = node.remote().post(move |_| other.free());
//! ```
//!
//! ```
//! # use hamadryad::sim::Sim;
//! let sim = Sim::seeded(1);
//! let (node, other) = (sim.root().insert(1), sim.root().insert(2).id());
//! let posted = node.remote().post(move |node| node.find(other).map(|other| other.free()));
//! assert!(posted.is_ok());
//! sim.settle();
//! assert!(sim.root().find(other).is_none());
//! ```
//!
//! # Handles are invariant
//!
//! A value of type `for<'a> fn(&'a str)` takes any string, one of type `fn(&'static str)` only static ones. The first may be used as the
//! second; but a *place* for the one is not a place for the other, or a function that keeps its string could be put where another string is
//! given to it:
//!
//! ```compile_fail,E0308
//! use hamadryad::Node;
//! fn narrower(node: Node<for<'a> fn(&'a str)>) -> Node<fn(&'static str)> {
//!     node
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use hamadryad::Node;
//! fn wider(node: Node<fn(&'static str)>) -> Node<for<'a> fn(&'a str)> {
//!     node
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use hamadryad::Remote;
//! fn narrower(remote: Remote<for<'a> fn(&'a str)>) -> Remote<fn(&'static str)> {
//!     remote
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use hamadryad::Owned;
//! fn narrower(owned: Owned<for<'a> fn(&'a str)>) -> Owned<fn(&'static str)> {
//!     owned
//! }
//! ```
//!
//! ```compile_fail,E0308
//! use hamadryad::{Completer, Ended};
//! fn wider(done: Completer<fn(&'static str), Ended>) -> Completer<for<'a> fn(&'a str), Ended> {
//!     done
//! }
//! ```
//!
//! ```
//! use hamadryad::Node;
//! fn same(node: Node<for<'a> fn(&'a str)>) -> Node<for<'a> fn(&'a str)> {
//!     node
//! }
//! fn narrower(function: for<'a> fn(&'a str)) -> fn(&'static str) {
//!     function
//! }
//! ```
//!
//! # Nothing borrowed leaves the closure it was lent to
//!
//! ```compile_fail
//! # use hamadryad::sim::Sim;
//! let sim = Sim::seeded(1);
//! let node = sim.root().insert(String::from("lent"));
//! let kept = node.with(|text| text);
//! node.free();
//! println!("{kept}");
//! ```
//!
//! ```compile_fail
//! # use hamadryad::sim::Sim;
//! let sim = Sim::seeded(1);
//! let node = sim.root().insert(String::from("lent"));
//! let mut kept = None;
//! node.with_mut(|text| kept = Some(text));
//! node.free();
//! println!("{kept:?}");
//! ```
//!
//! ```compile_fail
//! # use hamadryad::sim::{Sim, SimHost};
//! let sim = Sim::seeded(1);
//! let host = sim.root().with_host(|host: &SimHost| host);
//! drop(sim);
//! let _ = host.is_some();
//! ```
//!
//! # Nothing borrowed goes into what outlives the borrow
//!
//! ```compile_fail,E0597
//! # use hamadryad::sim::Sim;
//! let sim = Sim::seeded(1);
//! {
//!     let text = String::from("short-lived");
//!     sim.root().insert(&text);
//! }
//! ```
//!
//! ```compile_fail
//! # use hamadryad::{Ended, sim::Sim};
//! let sim = Sim::seeded(1);
//! let text = String::from("short-lived");
//! let request = sim.root().spawn("borrows", async |_| Ok::<_, Ended>(text.len()));
//! drop(text);
//! let _ = sim.block_on(request);
//! ```
//!
//! A scope may borrow, for its future lies in its caller's frame:
//!
//! ```
//! # use hamadryad::{Ended, sim::Sim};
//! let sim = Sim::seeded(1);
//! let text = String::from("short-lived");
//! let scope = sim.root().scope("borrows", async |_| Ok::<_, Ended>(text.len()));
//! assert!(matches!(sim.block_on(scope), Ok(11)));
//! ```
//!
//! ```compile_fail,E0505
//! # use hamadryad::{Ended, sim::Sim};
//! let sim = Sim::seeded(1);
//! let text = String::from("short-lived");
//! let scope = sim.root().scope("borrows", async |_| Ok::<_, Ended>(text.len()));
//! drop(text);
//! let _ = sim.block_on(scope);
//! ```
//!
//! # A request ends once
//!
//! ```compile_fail,E0382
//! # use hamadryad::{Ended, sim::Sim};
//! let sim = Sim::seeded(1);
//! let (request, done) = sim.root().completer::<u32, Ended>("once");
//! let _ = done.complete(Ok(1));
//! let _ = done.complete(Ok(2));
//! ```
//!
//! ```compile_fail,E0382
//! # use hamadryad::{Ended, sim::Sim};
//! let sim = Sim::seeded(1);
//! let request = sim.root().spawn("once", async move |_| Ok::<_, Ended>(1));
//! let _ = sim.block_on(request);
//! let _ = sim.block_on(request);
//! ```
