//! What is alive below a node, now: a walk, of which nothing is kept (law 26).

mod line;
#[cfg(feature = "serde")]
mod serialize;
mod text;
mod waits_on;

use crate::arena::{Class, Flag, SlotRef, bytes_of};
use crate::free::age;
use crate::node::AnyNode;
use crate::tree::TreeCore;
use crate::waits;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use line::Entry;
pub use line::Line;
pub(crate) use waits_on::WaitsOn;

/// What is alive below a node: as text by `Display`, without what differs between equal runs by [`stable`](TreeReport::stable), as data by
/// [`lines`](TreeReport::lines), and for any serializer with the feature `serde`.
///
/// ```
/// use hamadryad::{Ended, secs, sim::Sim};
/// let sim = Sim::seeded(1);
/// sim.root().insert(7).named("seven").label("of nine");
/// sim.root().spawn("serve", async move |me| { me.sleep(secs(9)).await?; Ok::<_, Ended>(()) }).detach();
/// sim.settle();
/// let report = sim.root().report().to_string();
/// assert!(report.contains("├─ seven of nine") && report.contains("waits: sleep"), "{report}");
///
/// let report = sim.root().report();
/// let serve = report.lines().find(|line| line.name() == "serve").expect("it sleeps");
/// assert_eq!((serve.depth(), serve.kind(), serve.runs(), serve.waits()), (1, "request, detached", Some(1), Some("sleep")));
/// ```
#[derive(Clone, Debug)]
pub struct TreeReport {
    /// Since the root was made.
    up: Duration,
    nodes: usize,
    requests: usize,
    bytes: usize,
    /// Of the first nodes, or of all.
    entries: Vec<Entry>,
}

/// The last part of a type's path, without parameters.
pub(crate) fn short(type_name: &'static str) -> &'static str {
    // By bytes, all of ASCII: the library's search for a text is 2 KB of a page, since failures name types too.
    let (mut start, mut end) = (0, 0);
    for (at, byte) in type_name.bytes().enumerate() {
        match byte {
            b'<' | b'{' => break, // Before a closure: `path::{{closure}}`.
            b':' => {}
            _ => {
                if at > end {
                    start = at;
                }
                end = at + 1;
            }
        }
    }
    type_name.get(start..end).unwrap_or(type_name)
}

impl AnyNode {
    /// A report of this node and all below it; empty on a stale handle. Works from inside any callback.
    pub fn report(self) -> TreeReport {
        self.report_first(usize::MAX)
    }

    /// A [`report`](AnyNode::report) with at most `lines_max` lines: the first ones, of which the ancestors are among them. The sums are of
    /// all. For a look now and then at a tree that may be large: what is only counted costs a tenth.
    ///
    /// ```
    /// # let sim = hamadryad::sim::Sim::seeded(1);
    /// for number in 0..1000 {
    ///     sim.root().insert(number);
    /// }
    /// let report = sim.root().report_first(10);
    /// assert_eq!((report.nodes(), report.lines().len(), report.omitted()), (1001, 10, 991));
    /// ```
    pub fn report_first(self, lines_max: usize) -> TreeReport {
        match self.core() {
            Some(core) => TreeReport::of(self, &core, lines_max),
            None => TreeReport { up: Duration::ZERO, nodes: 0, requests: 0, bytes: 0, entries: Vec::new() },
        }
    }
}

impl TreeReport {
    /// The nodes, depth first, oldest sibling first, as they are printed.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = Line<'_>> {
        self.entries.iter().map(Line)
    }

    /// How many nodes there are, with those that have no line.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// How many nodes have no line: none, but in a report of the [first](AnyNode::report_first) lines.
    pub fn omitted(&self) -> usize {
        self.nodes - self.entries.len()
    }

    /// How many of them are requests.
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Bytes of all nodes and their values, without what the values own elsewhere.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long ago the tree's root was made.
    pub fn up(&self) -> Duration {
        self.up
    }

    fn of(top: AnyNode, core: &TreeCore, lines_max: usize) -> TreeReport {
        let now = core.now();
        let up = core.living_root().map_or(Duration::ZERO, |root| age(now, root));
        let mut report = TreeReport { up, nodes: 0, requests: 0, bytes: 0, entries: Vec::new() };
        let waits = WaitsOn::now(core);
        // Depth first, oldest first: the walk goes over links, so its depth costs no stack.
        let mut next = Some((top, 0));
        while let Some((node, depth)) = next {
            let slot = node.slot;
            let bytes = report.count(slot);
            if report.entries.len() < lines_max {
                report.add(core, slot, depth, bytes, &waits);
            }
            next = oldest_child(slot).map(|child| (child, depth + 1)).or_else(|| next_newer(node, depth, top));
        }
        report
    }

    /// Adds a node to the sums, and gives its bytes.
    fn count(&mut self, slot: SlotRef) -> usize {
        let kind = slot.kind.get();
        let bytes = if slot.as_wide().is_some() { 160 } else { 96 } + bytes_of(kind.layout);
        self.nodes += 1;
        self.requests += usize::from(matches!(kind.class, Class::Request));
        self.bytes += bytes;
        bytes
    }

    fn add(&mut self, core: &TreeCore, slot: SlotRef, depth: usize, bytes: usize, waits: &WaitsOn) {
        let node = AnyNode::of(slot);
        let now = core.now();
        let is_request = matches!(slot.kind.get().class, Class::Request);
        let (waits, waits_stable) = waits_of(node, waits);
        self.entries.push(Entry {
            depth,
            id: node.id(),
            name: slot.short_name(),
            label: slot.extras().and_then(|extras| extras.label.borrow().clone()),
            kind: kind_of(core, slot),
            place: slot.place.get().unwrap_or(core.place),
            age: age(now, slot),
            bytes,
            deadline_left: core.own_deadline(slot).map(|at| at - now),
            runs: is_request.then(|| slot.wide().ext().runs.get()),
            waits,
            waits_stable,
            last: depth == 0 || slot.newer.get().is_none(),
        });
    }
}

fn oldest_child(slot: SlotRef) -> Option<AnyNode> {
    // Children are linked newest first; the report lists them oldest first.
    let mut child = slot.child.get()?;
    while let Some(older) = child.older.get() {
        child = older;
    }
    Some(AnyNode::of(child))
}

fn next_newer(node: AnyNode, depth: usize, top: AnyNode) -> Option<(AnyNode, usize)> {
    let (mut slot, mut depth) = (node.slot, depth);
    while AnyNode::of(slot) != top {
        if let Some(newer) = slot.newer.get() {
            return Some((AnyNode::of(newer), depth));
        }
        slot = slot.parent.get()?;
        depth -= 1;
    }
    None
}

fn kind_of(core: &TreeCore, slot: SlotRef) -> String {
    let kind = slot.kind.get();
    let name = match kind.class {
        Class::Source => core.sources.borrow().kind_of(AnyNode::of(slot)).unwrap_or_default(),
        _ => (kind.short_name)(),
    };
    let mut text = String::from(name);
    if kind.class == Class::Request {
        if slot.has(Flag::Background) {
            text.push_str(", background");
        } else if !slot.has(Flag::Held) {
            text.push_str(", detached");
        }
        if slot.has(Flag::Background) && slot.has(Flag::NoValue) {
            text.push_str(" (code ended)");
        }
    }
    text
}

/// What a request waits for: the node it waits on, or else the word for it; and the same without labels.
fn waits_of(node: AnyNode, waits: &WaitsOn) -> (String, &'static str) {
    if !matches!(node.slot.kind.get().class, Class::Request | Class::Scope) {
        return (String::new(), "");
    }
    let word = waits::name_of(node.slot.waits.get());
    let Some(on) = waits.get(node) else { return (String::from(word), word) };
    if node.slot.waits.get() == waits::REQUEST {
        return (on.title(), on.name());
    }
    // Put together, not formatted: what formats is not in a page otherwise.
    let mut text = String::from(word);
    text.push_str(" (");
    on.slot.add_title(&mut text);
    text.push(')');
    (text, word)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_type_is_named_by_the_last_part_of_its_path() {
        assert_eq!(short("i32"), "i32");
        assert_eq!(short("alloc::string::String"), "String");
        assert_eq!(short("alloc::vec::Vec<core::option::Option<u8>>"), "Vec");
        assert_eq!(short("demo::serve::{{closure}}"), "serve");
        assert_eq!(short("&dyn demo::Größe"), "Größe");
        assert_eq!(short("<demo::A as demo::B>::C"), "");
        assert_eq!(short(""), "");
    }
}
