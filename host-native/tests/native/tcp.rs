//! `TcpListener` and `TcpStream`.

use crate::sys::is_readable;
use crate::{a_loop, settle};
use futures_io::{AsyncRead, AsyncWrite};
use hamadryad_native::net::{TcpListener, TcpStream};
use hamadryad_native::{Loop, prelude::*};
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

/// Counts how often it is woken; a waker that no tree made.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

async fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    poll_fn(|context| Pin::new(&mut stream).poll_read(context, buffer)).await
}

async fn write_all(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let len = poll_fn(|context| Pin::new(&mut stream).poll_write(context, bytes)).await?;
        bytes = &bytes[len..];
    }
    Ok(())
}

async fn close(mut stream: TcpStream) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut stream).poll_close(context)).await
}

/// Both ends of a connection.
fn connection(main_loop: &Loop) -> (TcpStream, TcpStream) {
    let root = main_loop.root();
    let listener = TcpListener::bind(root, "127.0.0.1:0").expect("bound");
    let connecting = TcpStream::connect(root, listener.local_addr().expect("an address"));
    let (accepted, _) = main_loop.block_on(listener.accept(root)).expect("accepted");
    let connected = main_loop.block_on(connecting).expect("connected");
    listener.free();
    (connected, accepted)
}

/// An address where nobody listens: it was bound a moment ago.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address")
}

#[test]
fn an_echo_server_for_several_clients() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let listener = TcpListener::bind(root, "[::1]:0").or_else(|_| TcpListener::bind(root, "127.0.0.1:0")).expect("bound");
    let address = listener.local_addr().expect("an address");
    let serve = async move |me: AnyNode| -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept(me).await?;
            me.spawn("echo", async move |me| {
                stream.reparent(me).expect("still alive");
                echo(stream).await
            })
            .detach();
        }
    };
    let server = root.spawn("serve", serve).background().detach();
    let clients: Vec<_> = (0..10_u8)
        .map(|number| {
            root.spawn("client", async move |me| -> io::Result<Vec<u8>> {
                let stream = TcpStream::connect(me, address).await?;
                write_all(&stream, &[number; 1000]).await?;
                close(stream).await?;
                let (mut answer, mut buffer) = (Vec::new(), [0; 300]);
                loop {
                    match read(&stream, &mut buffer).await? {
                        0 => return Ok(answer),
                        len => answer.extend_from_slice(&buffer[..len]),
                    }
                }
            })
        })
        .collect();
    for (number, client) in clients.into_iter().enumerate() {
        assert_eq!(main_loop.block_on(client).expect("an answer"), [number as u8; 1000]);
    }
    settle(&main_loop);
    assert_eq!(server.children().count(), 0, "each connection went with its request");
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        match read(&stream, &mut buffer).await? {
            0 => return Ok(()),
            len => write_all(&stream, &buffer[..len]).await?,
        }
    }
}

#[test]
fn much_data_in_both_directions() {
    const LEN: usize = 5_000_000;
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    let root = main_loop.root();
    let sent = root.spawn("send", async move |_| -> io::Result<()> {
        write_all(&one, &vec![7; LEN]).await?;
        close(one).await
    });
    let received = root.spawn("echo", async move |_| {
        echo(other).await?;
        close(other).await
    });
    let mut sum = 0;
    let mut buffer = vec![0; 40_000];
    main_loop
        .block_on(async {
            loop {
                match read(&one, &mut buffer).await? {
                    0 => return io::Result::Ok(()),
                    len => sum += len,
                }
            }
        })
        .expect("read");
    main_loop.block_on(sent).expect("sent");
    main_loop.block_on(received).expect("received");
    assert_eq!(sum, LEN);
}

#[test]
fn a_refused_connection_is_an_error_and_leaves_nothing() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let error = main_loop.block_on(TcpStream::connect(root, nobody())).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(root.children().count(), 0);
}

#[test]
fn a_connection_that_is_given_up_leaves_nothing() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let connecting = TcpStream::connect(root, listener.local_addr().expect("an address"));
    assert_eq!(root.children().count(), 1);
    drop(connecting);
    assert_eq!(root.children().count(), 0);
}

#[test]
fn connecting_under_what_is_gone_is_an_error() {
    let main_loop = a_loop();
    let gone = main_loop.root().insert(());
    gone.free();
    assert!(main_loop.block_on(TcpStream::connect(gone, nobody())).is_err());
    assert!(TcpListener::bind(gone, "127.0.0.1:0").is_err());
}

#[test]
fn law_12_a_freed_stream_or_listener_ends_who_waits() {
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    let root = main_loop.root();
    let waiting = root.spawn("read", async move |_| read(&one, &mut [0; 8]).await);
    settle(&main_loop);
    one.free();
    assert!(is_freed(main_loop.block_on(waiting).expect_err("freed")));
    assert!(is_freed(main_loop.block_on(write_all(&one, b"x")).expect_err("freed")));
    assert_eq!(main_loop.block_on(read(&other, &mut [0; 8])).expect("the end"), 0);

    let listener = TcpListener::bind(root, "127.0.0.1:0").expect("bound");
    let waiting = root.spawn("accept", async move |_| listener.accept(root).await.map(drop));
    settle(&main_loop);
    listener.free();
    assert!(is_freed(main_loop.block_on(waiting).expect_err("freed")));
    assert!(listener.local_addr().is_err());
}

fn is_freed(error: io::Error) -> bool {
    matches!(error.get_ref().and_then(|why| why.downcast_ref::<Ended>()), Some(Ended::Freed { .. }))
}

#[test]
fn two_requests_read_one_stream() {
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    let done = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let done = done.clone();
        let request = async move |_| -> io::Result<()> {
            assert_eq!(read(&one, &mut [0; 1]).await?, 1);
            done.set(done.get() + 1);
            Ok(())
        };
        main_loop.root().spawn("read", request).detach();
    }
    settle(&main_loop);
    main_loop.block_on(write_all(&other, b"xy")).expect("written");
    while done.get() < 2 {
        main_loop.turn(hamadryad_native::Wait::Forever).expect("a turn");
    }
}

#[test]
fn an_idle_stream_with_unread_data_does_not_spin() {
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    main_loop.block_on(write_all(&other, b"xy")).expect("written");
    assert_eq!(main_loop.block_on(read(&one, &mut [0; 1])).expect("read"), 1);
    while settle(&main_loop) > 0 {}
    settle(&main_loop);
    assert!(!is_readable(&main_loop, 0));
    assert_eq!(main_loop.block_on(read(&one, &mut [0; 8])).expect("read"), 1);
    other.free();
    assert_eq!(main_loop.block_on(read(&one, &mut [0; 8])).expect("the end"), 0);
    settle(&main_loop);
    settle(&main_loop);
    assert!(!is_readable(&main_loop, 0));
}

#[test]
fn a_write_to_a_closed_stream_fails() {
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    other.free();
    let error = main_loop.block_on(async {
        loop {
            if let Err(error) = write_all(&one, &[0; 1000]).await {
                return error;
            }
        }
    });
    assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
}

#[test]
fn other_programs_can_talk_with_it() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let listener = TcpListener::bind(root, "127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address");
    let client = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).expect("connected");
        stream.write_all(b"hello").expect("written");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).expect("an answer");
        (answer, stream.local_addr().expect("an address"))
    });
    let (stream, from) = main_loop.block_on(listener.accept(root)).expect("accepted");
    stream.set_nodelay(true).expect("set");
    assert_eq!((stream.peer_addr().expect("connected"), stream.local_addr().expect("bound")), (from, address));
    main_loop
        .block_on(async {
            let mut buffer = [0; 5];
            let len = read(&stream, &mut buffer).await?;
            write_all(&stream, &buffer[..len]).await
        })
        .expect("echoed");
    assert_eq!(client.join().expect("no panic"), (*b"hello", from));
}

#[test]
fn handles_are_nodes() {
    let main_loop = a_loop();
    let (one, other) = connection(&main_loop);
    let node: AnyNode = one.into();
    assert_eq!((node, one.name()), (*one, "tcp"));
    assert!(format!("{other:?}").starts_with("TcpStream("));
    let report = main_loop.root().report().to_string();
    assert!(report.contains(&one.peer_addr().expect("connected").to_string()), "{report}");
}

#[test]
fn law_10_who_waits_for_a_freed_stream_is_woken_by_the_loop() {
    let main_loop = a_loop();
    let (mut one, _other) = connection(&main_loop);
    let woken = Arc::new(Woken::default());
    let waker = woken.clone().into();
    let mut context = Context::from_waker(&waker);
    assert!(Pin::new(&mut one).poll_read(&mut context, &mut [0; 4]).is_pending());
    settle(&main_loop);
    one.free();
    assert_eq!(woken.0.load(Ordering::SeqCst), 0, "nobody is called from inside the free");
    settle(&main_loop);
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    let Poll::Ready(Err(error)) = Pin::new(&mut one).poll_read(&mut context, &mut [0; 4]) else { panic!("it is freed") };
    assert!(matches!(error.get_ref().and_then(|inner| inner.downcast_ref()), Some(Ended::Freed { .. })), "{error}");
}

#[test]
fn law_26_the_report_says_who_reads_and_where_it_was_accepted() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let listener = TcpListener::bind(root, "127.0.0.1:0").expect("bound");
    let _client = main_loop.block_on(TcpStream::connect(root, listener.local_addr().expect("an address"))).expect("connected");
    let line = line!() + 1;
    let (stream, _) = main_loop.block_on(listener.accept(root)).expect("accepted");
    root.spawn("reader", async move |_| read(&stream, &mut [0; 4]).await).detach();
    root.spawn("writer", async move |_| write_all(&stream, &vec![0; 100_000_000]).await).detach();
    settle(&main_loop);
    let report = root.report();
    let line_of = |name: &str| report.lines().find(|line| line.name() == name).unwrap_or_else(|| panic!("no {name}:\n{report}"));
    assert_eq!((line_of("reader").waits(), line_of("writer").waits()), (Some("readable"), Some("writable")), "{report}");
    let accepted = report.lines().find(|line| line.id() == stream.id()).expect("it is alive");
    assert_eq!((accepted.place().file(), accepted.place().line()), (file!(), line));
    assert!(report.lines().all(|line| line.depth() == 0 || line.place().file() == file!()), "a place of our own:\n{report}");
}
