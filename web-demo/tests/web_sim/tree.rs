//! `/tree`: what is alive, as JSON, and commands for the upstreams.

use hamadryad::{millis, secs};
use serde_json::{Value, json};

use crate::client::Client;
use crate::frames::{BINARY, CLOSE, TEXT};
use crate::world::World;

/// The messages that came in.
fn messages(client: &mut Client<'_>) -> Vec<Value> {
    client.frames().iter().map(|frame| serde_json::from_str(frame.text()).unwrap()).collect()
}

fn names(tree: &Value) -> Vec<&str> {
    tree["tree"]["lines"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect()
}

#[test]
fn at_the_beginning_comes_all_there_is() {
    let world = World::new();
    world.sim.root().insert(7).named("seven").label("of \"nine\"");
    let mut client = world.socket("/tree?");
    let [upstreams, tree] = &messages(&mut client)[..] else { panic!("two messages") };
    let expected = json!({ "upstreams": [
        { "name": "upstream-1", "delay_ms": 0, "loss_percent": 0, "dead": true },
        { "name": "upstream-2", "delay_ms": 40, "loss_percent": 0, "dead": false },
        { "name": "upstream-3", "delay_ms": 5, "loss_percent": 0, "dead": false },
    ] });
    assert_eq!(*upstreams, expected);
    assert_eq!(tree.as_object().unwrap().len(), 1);
    let picture = &tree["tree"];
    assert_eq!(picture.as_object().unwrap().keys().collect::<Vec<_>>(), ["bytes", "lines", "nodes", "omitted", "requests", "up_ms"]);
    assert_eq!((&picture["omitted"], picture["nodes"].as_u64()), (&json!(0), Some(names(tree).len() as u64)));
    assert!(names(tree).starts_with(&["root"]) && names(tree).contains(&"connection"), "{tree}");
    let seven = picture["lines"].as_array().unwrap().iter().find(|line| line["name"] == "seven").unwrap();
    assert_eq!((&seven["label"], &seven["kind"], &seven["depth"]), (&json!("of \"nine\""), &json!("i32"), &json!(1)));
    assert!(!tree.to_string().contains(&world.token));
}

#[test]
fn what_changes_is_told_and_nothing_else() {
    let world = World::new();
    let mut client = world.socket("/tree?");
    messages(&mut client);
    world.pass(10_000);
    assert_eq!(messages(&mut client).len(), 1, "its own beginning, and then nothing happens");

    let node = world.sim.root().insert(7).named("new");
    world.pass(249);
    let told = messages(&mut client);
    assert!(told.len() <= 1);
    world.pass(1);
    let told = [told, messages(&mut client)].concat();
    assert_eq!((told.len(), names(&told[0]).contains(&"new")), (1, true), "{told:?}");
    node.label("labelled");
    world.pass(250);
    assert!(messages(&mut client)[0].to_string().contains("labelled"));
    node.free();
    world.pass(250);
    assert!(!names(&messages(&mut client)[0]).contains(&"new"));
}

#[test]
fn at_most_four_times_a_second() {
    let world = World::new();
    let mut client = world.socket("/tree?");
    messages(&mut client);
    let node = world.sim.root().insert(7);
    let counter = std::cell::Cell::new(0);
    let restless = world.sim.root().every(millis(1), move || {
        counter.set(counter.get() + 1);
        node.label(counter.get().to_string());
    });
    world.pass(10_000);
    restless.free();
    let told = messages(&mut client).len();
    assert!((39..=40).contains(&told), "{told}");
}

#[test]
fn many_who_watch_cost_one_look() {
    let world = World::new();
    let mut clients: Vec<Client<'_>> = (0..20).map(|_| world.socket("/tree?")).collect();
    // Those who come within a quarter of a second see what the first one saw.
    let trees: Vec<Value> = clients.iter_mut().map(|client| messages(client).pop().unwrap()).collect();
    assert!(trees.iter().all(|tree| *tree == trees[0]));
    world.pass(250);
    for client in &mut clients {
        let told = messages(client);
        assert_eq!(names(&told[0]).iter().filter(|name| **name == "connection").count(), 20);
    }
    let timers = world.sim.root().report().lines().filter(|line| line.name() == "look").count();
    assert_eq!(timers, 1);
}

#[test]
fn so_many_may_watch_and_no_more() {
    let world = World::limited(|limits| limits.watchers = 2);
    let (one, _two) = (world.socket("/tree?"), world.socket("/tree?"));
    let third = crate::client::handshake(&format!("/tree?token={}", world.token));
    let response = world.ask(&third);
    assert!(response.starts_with("HTTP/1.1 503 ") && response.contains("2 pages watch the tree already"), "{response}");
    one.leave();
    assert!(world.ask(&third).starts_with("HTTP/1.1 101 "));
}

#[test]
fn nobody_looks_when_nobody_watches() {
    let world = World::new();
    let idle = world.nodes();
    let mut client = world.socket("/tree?");
    client.send(CLOSE, &1000_u16.to_be_bytes());
    assert_eq!(client.frames().pop().unwrap().close().0, 1000);
    client.leave();
    world.pass(250);
    assert_eq!(world.nodes(), idle);
    let mut again = world.socket("/tree?");
    assert_eq!(messages(&mut again).len(), 2, "and it begins anew");
}

#[test]
fn so_many_lines_and_the_others_are_counted() {
    let world = World::new();
    for _ in 0..2000 {
        world.sim.root().insert(7);
    }
    let mut client = world.socket("/tree?");
    let tree = messages(&mut client).pop().unwrap();
    assert_eq!(names(&tree).len(), 500);
    assert_eq!(tree["tree"]["omitted"].as_u64().unwrap() + 500, tree["tree"]["nodes"].as_u64().unwrap());
}

#[test]
fn so_many_bytes_and_then_fewer_lines() {
    let world = World::new();
    for _ in 0..400 {
        world.sim.root().insert(7).label("x".repeat(10_000));
    }
    let mut client = world.socket("/tree?");
    let frame = client.frames().pop().unwrap();
    assert!((50_000..=256 << 10).contains(&frame.payload.len()), "{}", frame.payload.len());
    let tree: Value = serde_json::from_str(frame.text()).unwrap();
    let shown = names(&tree).len() as u64;
    assert_eq!(tree["tree"]["omitted"].as_u64().unwrap() + shown, tree["tree"]["nodes"].as_u64().unwrap());
}

#[test]
fn an_upstream_is_set_and_everybody_is_told() {
    let world = World::new();
    let (mut one, mut other) = (world.socket("/tree?"), world.socket("/tree?"));
    world.pass(1000);
    one.frames();
    other.frames();
    one.send(TEXT, br#"{"set":{"upstream":"upstream-2","delay_ms":2000,"loss_percent":10}}"#);
    other.send(TEXT, br#"{"set":{"upstream":"upstream-3","delay_ms":0}}"#);
    world.pass(250);
    for client in [&mut one, &mut other] {
        let told = messages(client);
        let upstreams = &told.iter().find(|message| message.get("upstreams").is_some()).expect("a change is told")["upstreams"];
        assert_eq!(upstreams[1], json!({ "name": "upstream-2", "delay_ms": 2000, "loss_percent": 10, "dead": false }));
        assert_eq!(upstreams[2], json!({ "name": "upstream-3", "delay_ms": 0, "loss_percent": 0, "dead": false }));
    }
    world.pass(1000);
    assert!(messages(&mut one).iter().all(|message| message.get("upstreams").is_none()));
}

#[test]
fn what_is_set_is_how_it_behaves() {
    let world = World::new();
    let (tree, mut dns) = (world.socket("/tree?"), world.socket("/dns?upstream=upstream-2&"));
    let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x04test\0\0\x01\0\x01";
    tree.send(TEXT, br#"{"set":{"upstream":"upstream-2","delay_ms":500}}"#);
    dns.send(BINARY, query);
    world.pass(499);
    assert_eq!(dns.frames(), []);
    world.pass(20);
    assert_eq!(dns.frames().len(), 1);
    tree.send(TEXT, br#"{"set":{"upstream":"upstream-2","loss_percent":100}}"#);
    dns.send(BINARY, query);
    world.pass(4000);
    assert_eq!(dns.frames(), []);
}

#[test]
fn what_is_no_command_closes_and_says_why() {
    let world = World::new();
    for (said, code, why) in [
        (&br#"{"set":{"upstream":"upstream-4","delay_ms":1}}"#[..], 1008, "no built-in upstream"),
        (br#"{"set":{"upstream":"upstream-2","delay_ms":2001}}"#, 1008, "delay_ms is 0 to 2000"),
        (br#"{"set":{"upstream":"upstream-2","loss_percent":101}}"#, 1008, "loss_percent 0 to 100"),
        (br#"{"set":{"upstream":"upstream-2","loss_percent":-1}}"#, 1008, "that is no command: invalid value"),
        (br#"{"set":{"upstream":"upstream-2","dead":false}}"#, 1008, "that is no command: unknown field"),
        (br#"{"set":{}}"#, 1008, "that is no command: missing field"),
        (br#"{"kill":1}"#, 1008, "that is no command: unknown field"),
        (b"{", 1008, "that is no command: EOF"),
        (b"", 1008, "that is no command: EOF"),
        (&[b'['; 1000], 1008, "that is no command"),
        (&[b' '; 1025], 1009, "a message may have 1024 bytes here, not 1025"),
    ] {
        let mut client = world.socket("/tree?");
        client.frames();
        client.send(TEXT, said);
        let frame = client.next().unwrap();
        let (found, text) = frame.close();
        assert_eq!(found, code, "{text}");
        assert!(text.contains(why), "{text}");
    }
    let mut client = world.socket("/tree?");
    client.frames();
    client.send(BINARY, br#"{"set":{"upstream":"upstream-2","delay_ms":1}}"#);
    assert_eq!(client.next().unwrap().close(), (1003, "commands are text"));
}

#[test]
fn a_slow_reader_gets_the_latest_and_is_left_in_the_end() {
    let world = World::new();
    for _ in 0..300 {
        world.sim.root().insert(7);
    }
    let idle = world.nodes();
    // Less room than a message needs. The first that it does not read is on its way; of those after it, it gets the last.
    let mut client = world.socket_with_room("/tree?", 20_000);
    let node = world.sim.root().insert(0);
    for seconds in 0..9 {
        node.label(format!("second {seconds}"));
        world.pass(1000);
    }
    let told: Vec<String> = messages(&mut client).iter().map(Value::to_string).collect();
    let labels = told.iter().filter(|message| message.contains("second ")).count();
    assert!(told.len() <= 4 && labels == 2 && told.last().unwrap().contains("second 8"), "{} messages, {labels} labels", told.len());

    // Then it reads nothing more.
    for second in 0..12 {
        node.label(format!("{second}"));
        world.pass(1000);
    }
    node.free();
    assert!(!client.node.is_alive());
    world.pass(1000);
    assert_eq!(world.nodes(), idle);
}

#[test]
fn a_shutdown_says_goodbye() {
    let world = World::new();
    let mut client = world.socket("/tree?");
    client.frames();
    world.clients.shutdown(secs(5));
    world.sim.settle();
    assert_eq!(client.frames().pop().unwrap().close(), (1001, "the daemon stops"));
    client.leave();
    assert!(!world.clients.is_alive());
}
