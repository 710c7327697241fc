//! `UdpSocket`, and UDP as a `Channel`.

use crate::{a_loop, settle};
use hamadryad_native::net::{Udp, UdpChannel, UdpSocket};
use hamadryad_native::{Channel, ChannelError, Connect, Loop, prelude::*};
use std::io;
use std::net::SocketAddr;

fn bound(main_loop: &Loop) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind(main_loop.root(), "127.0.0.1:0").expect("bound");
    (socket, socket.local_addr().expect("an address"))
}

fn channel(main_loop: &Loop, peer: SocketAddr) -> UdpChannel {
    main_loop.block_on(Udp.connect(main_loop.root(), &peer)).expect("a channel")
}

#[test]
fn questions_and_answers() {
    let main_loop = a_loop();
    let (server, address) = bound(&main_loop);
    let (client, _) = bound(&main_loop);
    let serve = async move |_| -> io::Result<()> {
        let mut buffer = [0; 512];
        loop {
            let (len, from) = server.recv_from(&mut buffer).await?;
            buffer[..len].reverse();
            server.send_to(&buffer[..len], from).await?;
        }
    };
    main_loop.root().spawn("serve", serve).background().detach();
    for _ in 0..100 {
        let mut answer = [0; 512];
        let received = main_loop.block_on(async {
            client.send_to(b"stressed", address).await?;
            client.recv_from(&mut answer).await
        });
        assert_eq!(received.expect("an answer"), (8, address));
        assert_eq!(&answer[..8], b"desserts");
    }
}

#[test]
fn a_channel_carries_whole_messages() {
    let main_loop = a_loop();
    let (server, address) = bound(&main_loop);
    let channel = channel(&main_loop, address);
    const { assert!(!UdpChannel::RELIABLE) };
    assert_eq!(channel.limit(), 65_507);
    let mut buffer = vec![0; 70_000];
    let mut message = b"what was there".to_vec();
    main_loop
        .block_on(async {
            for len in [0, 1, 512, 65_507] {
                channel.send(&vec![7; len]).await?;
                let (received, from) = server.recv_from(&mut buffer).await.expect("received");
                assert_eq!(received, len);
                server.send_to(&buffer[..len], from).await.expect("sent");
                channel.receive(&mut message).await?;
                assert_eq!(message, vec![7; len]);
            }
            Ok::<_, ChannelError>(())
        })
        .expect("all carried");
}

#[test]
fn a_channel_says_what_went_wrong() {
    let main_loop = a_loop();
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address");
    let refused = channel(&main_loop, nobody);
    let error = main_loop.block_on(async {
        refused.send(b"anybody?").await?;
        refused.receive(&mut Vec::new()).await
    });
    assert!(matches!(error, Err(ChannelError::Refused)), "{error:?}");

    let error = main_loop.block_on(refused.send(&vec![0; 65_508]));
    assert!(matches!(error, Err(ChannelError::TooLarge { limit: 65_507 })), "{error:?}");

    refused.free();
    let error = main_loop.block_on(refused.receive(&mut Vec::new()));
    assert!(matches!(error, Err(ChannelError::Ended(Ended::Freed { .. }))), "{error:?}");

    let gone = main_loop.root().insert(());
    let connecting = Udp.connect(*gone, &nobody);
    gone.free();
    assert!(matches!(main_loop.block_on(connecting), Err(ChannelError::Ended(_))));
}

#[test]
fn a_channel_lives_under_its_owner() {
    let main_loop = a_loop();
    let owner = main_loop.root().insert(());
    let (_, address) = bound(&main_loop);
    let channel = main_loop.block_on(Udp.connect(*owner, &address)).expect("a channel");
    assert_eq!(channel.parent(), Some(*owner));
    owner.free();
    assert!(!channel.is_alive());
}

#[test]
fn a_time_out_while_receiving_leaves_the_socket_as_it_was() {
    let main_loop = a_loop();
    let (server, address) = bound(&main_loop);
    let client = UdpSocket::connected(main_loop.root(), address).expect("connected");
    let root = main_loop.root();
    let receive = async move |_| server.recv_from(&mut [0; 8]).await.map(|(len, _)| len);
    let error = main_loop.block_on(root.spawn("receive", receive).timeout(millis(1))).expect_err("nothing comes");
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    settle(&main_loop);
    main_loop.block_on(client.send(b"late")).expect("sent");
    assert_eq!(main_loop.block_on(root.spawn("receive", receive)).expect("it came"), 4);
}

#[test]
fn addresses_that_cannot_be_bound_are_errors() {
    let main_loop = a_loop();
    let (_, taken) = bound(&main_loop);
    assert_eq!(UdpSocket::bind(main_loop.root(), taken).expect_err("taken").kind(), io::ErrorKind::AddrInUse);
    assert_eq!(UdpSocket::bind(main_loop.root(), "192.0.2.1:0").expect_err("not ours").kind(), io::ErrorKind::AddrNotAvailable);
}

#[test]
fn the_report_says_who_waits_for_what() {
    let main_loop = a_loop();
    let (server, address) = bound(&main_loop);
    main_loop.root().spawn("serve", async move |_| server.recv_from(&mut [0; 8]).await.map(drop)).detach();
    settle(&main_loop);
    let report = main_loop.root().report();
    let text = report.to_string();
    assert!(text.contains(&format!("udp {address}")), "{text}");
    assert!(text.contains("UdpSocket"), "{text}");
    assert!(text.contains("readable"), "{text}");
    assert!(text.contains("udp.rs"), "the place is where bind was called: {text}");
    assert!(!report.stable().contains(&address.to_string()));
}

#[test]
fn law_26_a_channel_was_made_where_it_was_connected() {
    let main_loop = a_loop();
    let line = line!() + 1;
    let channel = main_loop.block_on(Udp.connect(main_loop.root(), &"127.0.0.1:9".parse().expect("an address"))).expect("connected");
    let report = channel.report();
    let place = report.lines().next().expect("it is alive").place();
    assert_eq!((place.file(), place.line()), (file!(), line));
}
