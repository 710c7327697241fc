//! The simulated network: what arrives where, when, and what does not.
#![cfg(feature = "sim")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hamadryad::sim::{Address, AddressError, DatagramChannel, DatagramSocket, Deadlock, ListenError, Network, ReliableChannel, Sim};
use hamadryad::{AnyNode, Channel, ChannelError, Connect, Ended, millis, secs};

const DNS: Address = Address::new("dns", 53);
const CHAT: Address = Address::new("chat", 80);

// ------------------------------------------------------------------------------------------------ helpers

/// Sends everything back.
async fn echo(socket: DatagramSocket) -> Result<(), ChannelError> {
    let mut buffer = [0; 512];
    loop {
        let (len, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..len], from).await?;
    }
}

fn spawn_echo(sim: &Sim, address: Address) -> DatagramSocket {
    let socket = sim.network().bind(sim.root(), address).expect("the address is free");
    sim.root().spawn("echo", async move |_| echo(socket).await).background().detach();
    socket
}

fn connect(sim: &Sim, network: &Network, peer: Address) -> DatagramChannel {
    sim.block_on(network.connect(sim.root(), &peer)).expect("connecting datagrams asks nobody")
}

/// Both ends of a reliable channel: the client's, the server's.
fn pair(sim: &Sim) -> (ReliableChannel, ReliableChannel) {
    let listener = sim.network().reliable().listen(sim.root(), CHAT).expect("the address is free");
    let client = sim.block_on(sim.network().at("client").reliable().connect(sim.root(), &CHAT)).expect("somebody listens");
    let (server, from) = sim.block_on(listener.accept(sim.root())).expect("a client waits");
    assert_eq!(client.address(), Some(from));
    listener.free();
    (client, server)
}

async fn receive(channel: impl Channel) -> Result<Vec<u8>, ChannelError> {
    let mut message = vec![0xAA; 3];
    channel.receive(&mut message).await?;
    Ok(message)
}

/// What `channel` receives until nothing comes for a second.
fn receive_all(sim: &Sim, channel: impl Channel + 'static) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    loop {
        let next = sim.root().spawn("receive", async move |_| receive(channel).await).timeout(secs(1));
        match sim.block_on(next) {
            Ok(message) => messages.push(message),
            Err(ChannelError::Ended(Ended::TimedOut { .. })) => return messages,
            Err(error) => panic!("{error}"),
        }
    }
}

fn recv_all(sim: &Sim, socket: DatagramSocket) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    loop {
        let next = sim.root().spawn("receive", async move |_| {
            let mut buffer = [0; 512];
            let (len, _) = socket.recv_from(&mut buffer).await?;
            Ok::<_, ChannelError>(buffer[..len].to_vec())
        });
        match sim.block_on(next.timeout(secs(1))) {
            Ok(message) => messages.push(message),
            Err(ChannelError::Ended(Ended::TimedOut { .. })) => return messages,
            Err(error) => panic!("{error}"),
        }
    }
}

fn numbered(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![number]).collect()
}

fn send_numbered(sim: &Sim, channel: impl Channel, count: u8) {
    for message in numbered(count) {
        sim.block_on(channel.send(&message)).expect("the channel is open");
    }
}

fn children(node: AnyNode) -> usize {
    node.children().count()
}

// ------------------------------------------------------------------------------------------------ addresses

#[test]
fn addresses_are_text_and_back() {
    for text in ["dns:53", "dns", "abcdefghijklmnopqrstuvwxyz-29:65535"] {
        assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
    }
    assert_eq!("dns:0".parse::<Address>().unwrap().to_string(), "dns");
    assert_eq!(DNS, Address::from("dns:53"));
    assert_eq!((DNS.host(), DNS.port(), DNS.with_port(54).to_string()), ("dns", 53, "dns:54".into()));
    assert_eq!("".parse::<Address>(), Err(AddressError::Empty));
    assert_eq!(":53".parse::<Address>(), Err(AddressError::Empty));
    assert_eq!("abcdefghijklmnopqrstuvwxyz--30".parse::<Address>(), Err(AddressError::TooLong { limit: 29 }));
    for bad in ["dns:", "dns:x", "dns:65536", "dns:53:54", "dns:-1"] {
        assert_eq!(bad.parse::<Address>(), Err(AddressError::Port), "{bad}");
    }
    assert!(Address::from("a") < Address::from("a:1") && Address::from("a:9") < Address::from("b"));
}

#[test]
#[should_panic(expected = "no address of the simulated network: \"dns:fifty\": the port is no number")]
fn a_bad_address_in_the_program_panics_with_its_text() {
    let _ = Sim::seeded(1).network().at("dns:fifty");
}

// ------------------------------------------------------------------------------------------------ datagrams

#[test]
fn a_datagram_takes_the_latency_of_its_link_each_way() {
    let sim = Sim::seeded(1);
    spawn_echo(&sim, DNS);
    sim.network().every_link().latency(secs(9));
    sim.network().one_way("client", "dns").latency(millis(20));
    sim.network().one_way("dns", "client").latency(millis(5));
    let channel = connect(&sim, &sim.network().at("client"), DNS);
    sim.block_on(channel.send(b"hello")).unwrap();
    assert_eq!(sim.elapsed(), Duration::ZERO, "sending does not wait");
    assert_eq!(sim.block_on(receive(channel)).unwrap(), b"hello");
    assert_eq!(sim.elapsed(), millis(25));
}

#[test]
fn a_link_without_settings_takes_no_time() {
    let sim = Sim::seeded(1);
    spawn_echo(&sim, DNS);
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"")).unwrap();
    assert_eq!(sim.block_on(receive(channel)).unwrap(), b"", "an empty datagram is one, too");
    assert_eq!(sim.elapsed(), Duration::ZERO);
}

#[test]
fn what_a_link_does_not_set_comes_from_every_link() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().every_link().latency(millis(7));
    sim.network().link("client", "dns").limit(4);
    let channel = connect(&sim, &sim.network().at("client"), DNS);
    assert_eq!(channel.limit(), 4);
    sim.block_on(channel.send(b"1234")).unwrap();
    assert_eq!(sim.block_on(socket.recv_from(&mut [0; 9])).unwrap().0, 4);
    assert_eq!(sim.elapsed(), millis(7));
}

#[test]
fn a_lossy_link_loses_its_share_and_the_same_with_the_same_seed() {
    let arrived = |seed| {
        let sim = Sim::seeded(seed);
        let socket = sim.network().bind(sim.root(), DNS).unwrap();
        sim.network().link("local", "dns").loss(0.5);
        let channel = connect(&sim, sim.network(), DNS);
        send_numbered(&sim, channel, 60);
        recv_all(&sim, socket)
    };
    let first = arrived(1);
    assert!((15..=45).contains(&first.len()), "{} of 60", first.len());
    assert!(first.is_sorted(), "nothing overtakes on a link without jitter");
    assert_eq!(first, arrived(1));
    assert_ne!(first, arrived(2));
}

#[test]
fn a_link_that_loses_all_is_silent() {
    let sim = Sim::seeded(1);
    spawn_echo(&sim, DNS);
    sim.network().one_way("dns", "local").loss(1.0);
    let channel = connect(&sim, sim.network(), DNS);
    send_numbered(&sim, channel, 10);
    assert!(receive_all(&sim, channel).is_empty());
    sim.network().one_way("dns", "local").loss(0.0);
    send_numbered(&sim, channel, 10);
    assert_eq!(receive_all(&sim, channel), numbered(10));
}

#[test]
fn reordered_datagrams_are_overtaken_and_none_is_lost() {
    let arrived = |seed| {
        let sim = Sim::seeded(seed);
        let socket = sim.network().bind(sim.root(), DNS).unwrap();
        sim.network().link("local", "dns").latency(millis(10)).reorder(0.3, millis(30));
        let channel = connect(&sim, sim.network(), DNS);
        send_numbered(&sim, channel, 40);
        recv_all(&sim, socket)
    };
    let mut first = arrived(1);
    assert_eq!(first, arrived(1));
    assert!(!first.is_sorted());
    first.sort();
    assert_eq!(first, numbered(40));
}

#[test]
fn jitter_stays_within_its_bounds_and_reorders() {
    let sim = Sim::seeded(7);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().link("local", "dns").latency(millis(10)).jitter(millis(5));
    let channel = connect(&sim, sim.network(), DNS);
    send_numbered(&sim, channel, 40);
    let mut arrivals = Vec::new();
    for _ in 0..40 {
        let mut buffer = [0; 1];
        sim.block_on(socket.recv_from(&mut buffer)).unwrap();
        arrivals.push(buffer[0]);
        assert!((millis(10)..=millis(15)).contains(&sim.elapsed()), "{:?}", sim.elapsed());
    }
    assert!(sim.elapsed() > millis(13), "the last of 40 comes late");
    assert!(!arrivals.is_sorted());
}

#[test]
fn nobody_there_is_refused_once_after_a_round_trip() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"1")).unwrap();
    sim.block_on(channel.send(b"2")).unwrap();
    assert!(matches!(sim.block_on(receive(channel)), Err(ChannelError::Refused)));
    assert_eq!(sim.elapsed(), millis(20));
    sim.advance(secs(1));

    sim.block_on(channel.send(b"3")).expect("the two refusals came together and were told as one");
    sim.advance(secs(1));
    spawn_echo(&sim, DNS);
    assert!(matches!(sim.block_on(channel.send(b"4")), Err(ChannelError::Refused)), "that of the third is told here");
    sim.block_on(channel.send(b"5")).unwrap();
    assert_eq!(receive_all(&sim, channel), [b"5"], "what met an error was not sent");
}

#[test]
fn refusal_and_unreachability_can_be_set_and_undone() {
    let sim = Sim::seeded(1);
    spawn_echo(&sim, DNS);
    spawn_echo(&sim, DNS.with_port(54));
    let (channel, other) = (connect(&sim, sim.network(), DNS), connect(&sim, sim.network(), DNS.with_port(54)));
    let ask = |channel: DatagramChannel| {
        sim.block_on(async {
            channel.send(b"x").await?;
            receive(channel).await
        })
    };

    sim.network().refuse(DNS);
    assert!(matches!(ask(channel), Err(ChannelError::Refused)));
    assert_eq!(ask(other).unwrap(), b"x", "refusal is of one port");
    sim.network().restore(DNS);
    assert_eq!(ask(channel).unwrap(), b"x");

    sim.network().unreachable("dns");
    assert!(matches!(ask(channel), Err(ChannelError::Unreachable)));
    assert!(matches!(ask(other), Err(ChannelError::Unreachable)), "unreachable is the whole host");
    sim.network().restore("dns");
    assert_eq!((ask(channel).unwrap(), ask(other).unwrap()), (b"x".to_vec(), b"x".to_vec()));
}

#[test]
fn a_socket_without_a_peer_is_not_told_of_refusals() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    assert_eq!(sim.block_on(socket.send_to(b"x", "nobody:1".into())).unwrap(), 1);
    assert!(recv_all(&sim, socket).is_empty());
    sim.block_on(socket.send_to(b"x", "nobody:1".into())).unwrap();
}

#[test]
fn what_is_too_large_is_refused_with_the_limit() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    assert_eq!(channel.limit(), 65_507);
    sim.block_on(channel.send(&[0; 65_507])).unwrap();
    assert!(matches!(sim.block_on(channel.send(&[0; 65_508])), Err(ChannelError::TooLarge { limit: 65_507 })));
    sim.network().link("local", "dns").limit(512);
    assert!(matches!(sim.block_on(channel.send(&[0; 513])), Err(ChannelError::TooLarge { limit: 512 })));
    assert!(matches!(sim.block_on(socket.send_to(&[0; 513], "local:1".into())), Err(ChannelError::TooLarge { limit: 512 })));
    sim.block_on(channel.send(&[0; 512])).unwrap();

    let (client, _server) = pair(&sim);
    assert_eq!(client.limit(), 16 << 20);
    sim.network().one_way("client", "chat").limit(10);
    assert!(matches!(sim.block_on(client.send(&[0; 11])), Err(ChannelError::TooLarge { limit: 10 })));
}

#[test]
fn a_full_receive_queue_drops_the_newest() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    send_numbered(&sim, channel, 70);
    sim.settle();
    assert_eq!(recv_all(&sim, socket), numbered(64));
}

#[test]
fn the_network_carries_a_bounded_number_of_datagrams() {
    let sim = Sim::seeded(1);
    let _dead = sim.network().bind(sim.root(), "dead:1").unwrap();
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().link("local", "dead").latency(secs(1));
    let (flood, channel) = (connect(&sim, sim.network(), "dead:1".into()), connect(&sim, sim.network(), DNS));
    for _ in 0..65_535 {
        sim.block_on(flood.send(b"")).unwrap();
    }
    // In one go, so that the first is still under way when the second departs.
    sim.block_on(async {
        channel.send(b"0").await?;
        channel.send(b"1").await
    })
    .unwrap();
    assert_eq!(recv_all(&sim, socket), [b"0"], "one place was left");
    send_numbered(&sim, channel, 2);
    assert_eq!(recv_all(&sim, socket), numbered(2), "what arrived makes room");
}

#[test]
fn a_channel_hears_its_peer_alone() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let stranger = sim.network().bind(sim.root(), "stranger:1").unwrap();
    let channel = connect(&sim, &sim.network().at("client"), DNS);
    let address = channel.address().unwrap();
    assert_eq!((address.host(), channel.peer()), ("client", Some(DNS)));
    sim.block_on(stranger.send_to(b"no", address)).unwrap();
    sim.block_on(socket.send_to(b"yes", address)).unwrap();
    assert_eq!(receive_all(&sim, channel), [b"yes"]);
    assert!(recv_all(&sim, stranger).is_empty());
}

#[test]
fn what_does_not_fit_the_buffer_is_cut_off() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"123456")).unwrap();
    let mut buffer = [0; 4];
    assert_eq!(sim.block_on(socket.recv_from(&mut buffer)).unwrap(), (4, channel.address().unwrap()));
    assert_eq!(&buffer, b"1234");
    assert!(recv_all(&sim, socket).is_empty(), "the rest does not come later");
}

#[test]
fn an_address_is_free_again_when_its_socket_is() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    assert_eq!(sim.network().bind(sim.root(), DNS).unwrap_err(), ListenError::InUse { address: DNS });
    assert_eq!(socket.address(), Some(DNS));
    sim.network().bind(sim.root(), DNS.with_port(54)).unwrap();
    let listener = sim.network().reliable().listen(sim.root(), DNS).unwrap();
    assert_eq!(sim.network().reliable().listen(sim.root(), DNS).unwrap_err(), ListenError::InUse { address: DNS });
    socket.free();
    listener.free();
    assert_eq!((socket.address(), listener.address()), (None, None));
    sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().reliable().listen(sim.root(), DNS).unwrap();
}

#[test]
fn a_stale_owner_gets_nothing() {
    let sim = Sim::seeded(1);
    let gone: AnyNode = sim.root().insert(()).into();
    gone.free();
    assert_eq!(sim.network().bind(gone, DNS).unwrap_err(), ListenError::Freed);
    assert_eq!(sim.network().reliable().listen(gone, DNS).unwrap_err(), ListenError::Freed);
    assert!(matches!(sim.block_on(sim.network().connect(gone, &DNS)), Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(sim.block_on(sim.network().reliable().connect(gone, &DNS)), Err(ChannelError::Ended(Ended::Freed { .. }))));
    sim.network().bind(sim.root(), DNS).expect("the attempt above left nothing");
}

#[test]
fn who_waits_for_a_freed_node_is_told() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    let (_client, server) = pair(&sim);
    for node in [*socket, *channel, *server] {
        sim.root().after(millis(5), move || {
            node.free();
        });
    }
    let (a, b, c) = sim.block_on(async {
        let waiting = sim.root().spawn("waiting", async move |_| receive(channel).await);
        let other = sim.root().spawn("other", async move |_| receive(server).await);
        (socket.recv_from(&mut [0; 1]).await, waiting.await, other.await)
    });
    assert!(matches!(a, Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(b, Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(c, Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(sim.block_on(channel.send(b"x")), Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(sim.block_on(server.send(b"x")), Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert_eq!((channel.limit(), server.limit(), channel.peer(), server.peer()), (0, 0, None, None));
    assert_eq!(sim.elapsed(), millis(5));
}

#[test]
fn a_datagram_outlives_its_sender_and_leaves_nothing() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().every_link().latency(millis(10));
    let idle = children(sim.root());
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"last words")).unwrap();
    channel.free();
    assert_eq!(children(sim.root()), idle + 1, "it is a node while it is under way");
    let mut buffer = [0; 16];
    assert_eq!(sim.block_on(socket.recv_from(&mut buffer)).unwrap().0, 10);
    assert_eq!(children(sim.root()), idle);
}

#[test]
fn a_datagram_goes_to_whoever_is_there_when_it_arrives() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let before = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"x")).unwrap();
    sim.advance(millis(5));
    before.free();
    let after = sim.network().bind(sim.root(), DNS).unwrap();
    assert_eq!(recv_all(&sim, after), [b"x"]);
}

#[test]
fn a_partition_loses_datagrams_both_when_sent_and_when_arriving() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    sim.network().every_link().latency(millis(10));
    let (cut, whole) = (connect(&sim, &sim.network().at("cut"), DNS), connect(&sim, &sim.network().at("whole"), DNS));
    sim.block_on(cut.send(b"under way")).unwrap();
    sim.advance(millis(5));
    sim.network().partition(&["cut", "elsewhere"], &["dns"]);
    sim.advance(millis(10));
    sim.block_on(cut.send(b"sent meanwhile")).unwrap();
    sim.block_on(whole.send(b"not concerned")).unwrap();
    sim.block_on(socket.send_to(b"back", cut.address().unwrap())).unwrap();
    sim.advance(millis(5));
    sim.network().heal();
    sim.block_on(cut.send(b"healed")).unwrap();
    assert_eq!(recv_all(&sim, socket), [b"not concerned".as_slice(), b"healed"]);
    assert!(receive_all(&sim, cut).is_empty());
}

#[test]
fn waiting_for_what_was_lost_is_a_deadlock_that_names_the_wait() {
    let sim = Sim::seeded(1);
    let channel = connect(&sim, sim.network(), DNS);
    sim.network().partition(&["local"], &["dns"]);
    sim.block_on(channel.send(b"x")).unwrap();
    match sim.try_block_on(receive(channel)) {
        Err(Deadlock::Stuck(report)) => assert!(report.contains("message"), "{report}"),
        other => panic!("{:?}", other.map_err(|error| error.to_string())),
    }
}

#[test]
fn receivers_share_a_socket_and_an_abandoned_one_passes_its_turn_on() {
    let sim = Sim::seeded(1);
    let socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    let got = Rc::new(Cell::new(0));
    let receiver = |got: &Rc<Cell<u32>>| {
        let got = got.clone();
        sim.root().spawn("receiver", async move |_| {
            socket.recv_from(&mut [0; 1]).await?;
            got.set(got.get() + 1);
            Ok::<_, ChannelError>(())
        })
    };
    // Two messages in one turn reach two receivers.
    let (one, two) = (receiver(&got).detach(), receiver(&got).detach());
    sim.settle();
    send_numbered(&sim, channel, 2);
    sim.settle();
    assert_eq!((got.get(), one.is_alive(), two.is_alive()), (2, false, false));

    // One message, two receivers, and the first is freed by the timer that follows its arrival: the other gets it.
    let (one, two) = (receiver(&got).detach(), receiver(&got).detach());
    sim.settle();
    send_numbered(&sim, channel, 1);
    sim.root().after(Duration::ZERO, move || {
        one.free();
    });
    sim.settle();
    assert_eq!((got.get(), one.is_alive(), two.is_alive()), (3, false, false));
}

// ------------------------------------------------------------------------------------------------ reliable channels

#[test]
fn a_reliable_channel_takes_a_round_trip_and_talks_both_ways() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let (client, server) = pair(&sim);
    assert_eq!(sim.elapsed(), millis(20));
    sim.block_on(client.send(b"ping")).unwrap();
    assert_eq!(sim.block_on(receive(server)).unwrap(), b"ping");
    assert_eq!(sim.elapsed(), millis(30));
    sim.block_on(server.send(b"")).unwrap();
    assert_eq!(sim.block_on(receive(client)).unwrap(), b"");
    assert_eq!(sim.elapsed(), millis(40));
    assert_eq!((client.peer(), server.address(), server.peer()), (Some(CHAT), Some(CHAT), client.address()));
    const { assert!(ReliableChannel::RELIABLE && !DatagramChannel::RELIABLE) };
}

#[test]
fn order_and_completeness_survive_loss_jitter_and_reordering() {
    let times = |seed| {
        let sim = Sim::seeded(seed);
        let (client, server) = pair(&sim);
        sim.network().link("client", "chat").latency(millis(10)).jitter(millis(10)).loss(0.3).reorder(0.3, millis(50));
        send_numbered(&sim, client, 60);
        let mut times = Vec::new();
        for expected in numbered(60) {
            assert_eq!(sim.block_on(receive(server)).unwrap(), expected);
            times.push(sim.elapsed());
        }
        times
    };
    let first = times(1);
    assert!(first[59] > millis(1000), "what is lost comes at least 200 ms later: {:?}", first[59]);
    assert_eq!(first, times(1));
    assert_ne!(first, times(2));
}

/// Sends, partitions, healings and pauses at random; gives what was sent, and what was received when.
fn random_conversation(seed: u64) -> (Vec<u8>, Vec<(Duration, u8)>) {
    let sim = Sim::seeded(seed);
    let (client, server) = pair(&sim);
    sim.network().link("client", "chat").latency(millis(3)).jitter(millis(9)).loss(0.2).reorder(0.1, millis(20));
    let (sent, received) = (Rc::new(RefCell::new(Vec::new())), Rc::new(RefCell::new(Vec::new())));
    let log = received.clone();
    let reader = sim.root().spawn("reader", async move |me| {
        let begin = me.now();
        while let Ok(message) = receive(server).await {
            log.borrow_mut().push((me.now() - begin, message[0]));
        }
    });
    reader.detach();
    let mut operations = [0; 120];
    sim.root().fill_random(&mut operations);
    for (number, operation) in (0..).zip(operations) {
        match operation % 8 {
            0 => sim.network().partition(&["client"], &["chat"]),
            1 | 2 => sim.network().heal(),
            3 | 4 => sim.advance(millis(u64::from(operation))),
            _ => {
                let log = sent.clone();
                let writer = sim.root().spawn("writer", async move |_| {
                    log.borrow_mut().push(number);
                    client.send(&[number]).await
                });
                writer.detach();
                sim.settle();
            }
        }
    }
    sim.network().heal();
    sim.advance(secs(120));
    (sent.take(), received.take())
}

#[test]
fn whatever_happens_to_the_link_all_comes_once_and_in_order() {
    for seed in 0..50 {
        let (sent, received) = random_conversation(seed);
        assert!(sent.len() > 20, "seed {seed}");
        assert_eq!(received.iter().map(|(_, message)| *message).collect::<Vec<_>>(), sent, "seed {seed}");
        assert!(received.is_sorted_by_key(|(at, _)| *at), "seed {seed}");
        assert_eq!(received, random_conversation(seed).1, "seed {seed}");
    }
}

#[test]
fn connecting_is_refused_where_nobody_listens() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let connect = || sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT));
    assert!(matches!(connect(), Err(ChannelError::Refused)));
    assert_eq!(sim.elapsed(), millis(20));
    let _listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    sim.network().refuse(CHAT);
    assert!(matches!(connect(), Err(ChannelError::Refused)));
    sim.network().unreachable("chat");
    assert!(matches!(connect(), Err(ChannelError::Unreachable)));
    sim.network().restore(CHAT);
    connect().unwrap();
}

#[test]
fn a_full_backlog_refuses_and_accepting_makes_room() {
    let sim = Sim::seeded(1);
    let listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    let connect = || sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT));
    let clients: Vec<ReliableChannel> = (0..64).map(|_| connect().unwrap()).collect();
    assert!(matches!(connect(), Err(ChannelError::Refused)));
    let (_, first) = sim.block_on(listener.accept(sim.root())).unwrap();
    assert_eq!(Some(first), clients[0].address(), "who came first is accepted first");
    connect().unwrap();
    assert!(matches!(connect(), Err(ChannelError::Refused)));
}

#[test]
fn a_sender_waits_while_sixty_four_messages_are_not_received() {
    let sim = Sim::seeded(1);
    let (client, server) = pair(&sim);
    let sent = Rc::new(Cell::new(0u8));
    let counter = sent.clone();
    let sender = sim.root().spawn("sender", async move |_| {
        for message in numbered(100) {
            client.send(&message).await?;
            counter.set(counter.get() + 1);
        }
        Ok::<_, ChannelError>(())
    });
    let sender = sender.detach();
    sim.advance(secs(1));
    assert_eq!(sent.get(), 64);
    assert_eq!(sim.block_on(receive(server)).unwrap(), [0]);
    sim.settle();
    assert_eq!(sent.get(), 65);
    let rest: Vec<_> = numbered(100).into_iter().skip(1).collect();
    assert_eq!(receive_all(&sim, server), rest);
    assert!(!sender.is_alive());
}

#[test]
fn the_end_comes_after_the_messages_with_its_code() {
    let sim = Sim::seeded(1);
    let (client, server) = pair(&sim);
    sim.network().every_link().latency(millis(10));
    send_numbered(&sim, client, 3);
    client.close(4000, "enough");
    client.close(4001, "a stale handle says nothing");
    assert!(!client.is_alive());
    for expected in numbered(3) {
        assert_eq!(sim.block_on(receive(server)).unwrap(), expected);
    }
    for _ in 0..2 {
        let end = sim.block_on(receive(server));
        assert!(matches!(&end, Err(ChannelError::Closed { code: 4000, reason }) if reason == "enough"), "{end:?}");
    }
    assert!(matches!(sim.block_on(server.send(b"x")), Err(ChannelError::Closed { code: 4000, .. })));
    assert_eq!(sim.elapsed(), millis(10));
    assert!(server.is_alive(), "its owner frees it");
}

#[test]
fn killing_a_machine_closes_its_channels() {
    let sim = Sim::seeded(1);
    let machine: AnyNode = sim.root().insert("machine").into();
    let listener = sim.network().reliable().listen(machine, CHAT).unwrap();
    let connect = || sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT));
    let (accepted, waiting) = (connect().unwrap(), connect().unwrap());
    sim.block_on(listener.accept(machine)).unwrap();
    sim.network().every_link().latency(millis(10));
    machine.free();
    for channel in [accepted, waiting] {
        assert!(matches!(sim.block_on(receive(channel)), Err(ChannelError::Closed { code: 1001, .. })));
    }
    assert_eq!(sim.elapsed(), millis(10));
    assert!(matches!(connect(), Err(ChannelError::Refused)));
}

#[test]
fn a_blocked_sender_learns_of_the_end() {
    let sim = Sim::seeded(1);
    let (client, server) = pair(&sim);
    send_numbered(&sim, client, 64);
    sim.root().after(millis(5), move || {
        server.free();
    });
    assert!(matches!(sim.block_on(client.send(b"x")), Err(ChannelError::Closed { code: 1001, .. })));
    assert_eq!(sim.elapsed(), millis(5));
}

#[test]
fn what_a_partition_holds_back_comes_in_order_after_it() {
    let sim = Sim::seeded(1);
    let (client, server) = pair(&sim);
    sim.network().every_link().latency(millis(10));
    sim.block_on(client.send(&[0])).unwrap();
    sim.advance(millis(5));
    sim.network().partition(&["client"], &["chat"]);
    sim.block_on(client.send(&[1])).unwrap();
    sim.advance(secs(60));
    sim.block_on(client.send(&[2])).unwrap();
    client.free();
    sim.advance(secs(1));
    let arrived = Rc::new(RefCell::new(Vec::new()));
    let log = arrived.clone();
    sim.root()
        .spawn("log", async move |me| {
            let begin = me.now();
            while let Ok(message) = receive(server).await {
                log.borrow_mut().push((me.now() - begin, message));
            }
        })
        .detach();
    sim.advance(secs(1));
    assert!(arrived.borrow().is_empty());
    sim.network().heal();
    sim.advance(secs(1));
    let messages: Vec<_> = arrived.borrow().iter().map(|(_, message)| message.clone()).collect();
    assert_eq!(messages, numbered(3));
    assert!(arrived.borrow().iter().all(|(at, _)| *at == millis(1010)), "{:?}", arrived.borrow());
}

#[test]
fn connecting_waits_for_the_end_of_a_partition() {
    let sim = Sim::seeded(1);
    let _listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    sim.network().partition(&["local"], &["chat"]);
    let idle = children(sim.root());
    let request = sim.network().reliable().connect(sim.root(), &CHAT).timeout(secs(3));
    assert!(matches!(sim.block_on(request), Err(ChannelError::Ended(Ended::TimedOut { .. }))));
    assert_eq!(sim.elapsed(), secs(3));
    assert_eq!(children(sim.root()), idle, "an attempt that ended leaves nothing");
    match sim.try_block_on(sim.network().reliable().connect(sim.root(), &CHAT)) {
        Err(Deadlock::Stuck(report)) => assert!(report.contains("root › connect chat:80   waits for"), "{report}"),
        other => panic!("{:?}", other.map(|_| ()).map_err(|error| error.to_string())),
    }
    let network = sim.network().clone();
    sim.root().after(secs(1), move || network.heal());
    sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT)).unwrap();
    assert_eq!(sim.elapsed(), secs(4));
}

#[test]
fn a_link_that_loses_all_ends_reliable_channels_at_both_sides() {
    let sim = Sim::seeded(1);
    let (client, server) = pair(&sim);
    sim.network().one_way("client", "chat").loss(1.0);
    sim.block_on(client.send(b"x")).unwrap();
    assert!(matches!(sim.block_on(receive(server)), Err(ChannelError::Closed { code: 1006, .. })));
    assert!(matches!(sim.block_on(receive(client)), Err(ChannelError::Closed { code: 1006, .. })));
    assert_eq!(sim.elapsed(), millis(15 * 200), "16 attempts");
    let again = sim.block_on(sim.network().at("client").reliable().connect(sim.root(), &CHAT));
    assert!(matches!(again, Err(ChannelError::Unreachable)), "{again:?}");
}

#[test]
fn an_abandoned_connect_is_seen_as_a_closed_channel() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    let idle = children(sim.root());
    let attempt = sim.network().reliable().connect(sim.root(), &CHAT).detach();
    sim.settle();
    sim.advance(millis(15));
    attempt.free();
    assert_eq!(children(sim.root()), idle);
    let (server, _) = sim.block_on(listener.accept(sim.root())).unwrap();
    assert!(matches!(sim.block_on(receive(server)), Err(ChannelError::Closed { code: 1001, .. })));
}

#[test]
fn an_owner_that_ends_while_accepting_lets_the_client_go() {
    let sim = Sim::seeded(1);
    let listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    let client = sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT)).unwrap();
    let gone: AnyNode = sim.root().insert(()).into();
    gone.free();
    assert!(matches!(sim.block_on(listener.accept(gone)), Err(ChannelError::Ended(Ended::Freed { .. }))));
    assert!(matches!(sim.block_on(receive(client)), Err(ChannelError::Closed { code: 1001, .. })));
    assert_eq!(children(*listener), 0);
}

#[test]
fn an_accepted_channel_belongs_to_the_owner_it_was_accepted_for() {
    let sim = Sim::seeded(1);
    let listener = sim.network().reliable().listen(sim.root(), CHAT).unwrap();
    let client = sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT)).unwrap();
    let owner: AnyNode = sim.root().insert(()).into();
    let (server, _) = sim.block_on(listener.accept(owner)).unwrap();
    assert_eq!((server.parent(), client.parent()), (Some(owner), Some(sim.root())));
    listener.free();
    sim.block_on(server.send(b"still here")).unwrap();
    assert_eq!(sim.block_on(receive(client)).unwrap(), b"still here");
}

#[test]
fn a_root_that_is_freed_takes_along_what_is_under_way() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let (client, server) = pair(&sim);
    let _socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, sim.network(), DNS);
    sim.block_on(channel.send(b"x")).unwrap();
    sim.block_on(client.send(b"x")).unwrap();
    let network = sim.network().clone();
    sim.root().free();
    assert!(!client.is_alive() && !server.is_alive() && !channel.is_alive());
    assert_eq!(network.bind(sim.root(), DNS).unwrap_err(), ListenError::Freed);
    network.heal();
    drop(sim);
    assert_eq!(format!("{:?}", network.at("client")), "Network { host: client, .. }");
}

#[test]
fn the_report_names_channels_and_what_is_under_way() {
    let sim = Sim::seeded(1);
    sim.network().every_link().latency(millis(10));
    let _socket = sim.network().bind(sim.root(), DNS).unwrap();
    let channel = connect(&sim, &sim.network().at("client"), DNS);
    sim.block_on(channel.send(b"x")).unwrap();
    let report = sim.root().report().to_string();
    for expected in ["socket dns:53", "channel client:", "→ dns:53", "datagram client:", "1 bytes"] {
        assert!(report.contains(expected), "{expected:?} is missing in\n{report}");
    }
    assert!(report.contains("sim_network.rs"), "places are the caller's:\n{report}");
}

#[test]
fn the_programs_own_randomness_is_not_disturbed() {
    let draw = |messages| {
        let sim = Sim::seeded(3);
        let _socket = sim.network().bind(sim.root(), DNS).unwrap();
        sim.network().every_link().loss(0.5).jitter(millis(1));
        let channel = connect(&sim, sim.network(), DNS);
        send_numbered(&sim, channel, messages);
        let mut bytes = [0; 8];
        sim.root().fill_random(&mut bytes);
        bytes
    };
    assert_eq!(draw(0), draw(9));
}

#[test]
fn law_26_a_channel_was_made_where_it_was_accepted() {
    let sim = Sim::seeded(1);
    let listener = sim.network().reliable().listen(sim.root(), CHAT).expect("the address is free");
    let _client = sim.block_on(sim.network().reliable().connect(sim.root(), &CHAT)).expect("somebody listens");
    let line = line!() + 1;
    let (server, _) = sim.block_on(listener.accept(sim.root())).expect("a client waits");
    let report = server.report();
    let place = report.lines().next().expect("it is alive").place();
    assert_eq!((place.file(), place.line()), (file!(), line));
}
