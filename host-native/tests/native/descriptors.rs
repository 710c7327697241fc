//! `Io`: what it promises beyond the rows of the original; laws 12 and 23.

use crate::sys::is_readable;
use crate::{a_loop, settle};
use hamadryad_native::{Io, Loop, OwnerError, Wait, prelude::*, sim::Sim};
use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

/// Our end, non-blocking and watched, and the other one, likewise non-blocking.
fn pair(main_loop: &Loop) -> (Io<UnixStream>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    ours.set_nonblocking(true).expect("non-blocking");
    theirs.set_nonblocking(true).expect("non-blocking");
    (Io::new(main_loop.root(), ours).expect("watched"), theirs)
}

fn counter() -> (Rc<Cell<usize>>, Rc<Cell<usize>>) {
    let count = Rc::new(Cell::new(0));
    (count.clone(), count)
}

fn up(count: &Cell<usize>) {
    count.set(count.get() + 1);
}

fn take_byte(mut stream: &UnixStream) {
    stream.read_exact(&mut [0]).expect("a byte");
}

/// What the host would be told by the kernel, again and again, would make the epoll descriptor readable.
fn is_quiet(main_loop: &Loop) -> bool {
    !is_readable(main_loop, 0)
}

#[test]
fn level_triggered_until_it_is_read() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let (calls, count) = counter();
    io.on_readable(move |_| up(&count));
    assert_eq!(main_loop.turn(Wait::No).expect("a turn").ran, 0);
    theirs.write_all(b"x").expect("written");
    for expected in 1..4 {
        assert_eq!(main_loop.turn(Wait::No).expect("a turn").ran, 1);
        assert_eq!(calls.get(), expected);
    }
    io.try_with(take_byte).expect("alive");
    assert_eq!(settle(&main_loop), 0);
}

#[test]
fn a_descriptor_that_nobody_watches_is_silent_and_does_not_spin() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    theirs.write_all(b"x").expect("written");
    assert!(!is_quiet(&main_loop), "told once");
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 0);
    assert!(is_quiet(&main_loop), "then disarmed");
    let (calls, count) = counter();
    let watcher = io.on_readable(move |_| up(&count));
    assert!(!is_quiet(&main_loop), "and armed again");
    main_loop.turn(Wait::Forever).expect("a turn");
    assert_eq!(calls.get(), 1);
    watcher.free();
    settle(&main_loop);
    assert!(is_quiet(&main_loop));
    assert_eq!(calls.get(), 1);
}

#[test]
fn a_write_only_watcher_sees_the_reader_go() {
    let main_loop = a_loop();
    let (reader, writer) = pipe().expect("a pipe");
    let io = Io::new(main_loop.root(), writer).expect("watched");
    let (calls, count) = counter();
    let watcher = io.on_writable(move |_| up(&count));
    assert_eq!(main_loop.turn(Wait::No).expect("a turn").ran, 1, "an empty pipe is writable");
    fill(&io);
    settle(&main_loop);
    let before = calls.get();
    assert_eq!(main_loop.turn(Wait::No).expect("a turn").ran, 0, "a full one is not");
    drop(reader);
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 1);
    assert_eq!(calls.get(), before + 1);
    watcher.free();
    settle(&main_loop);
    assert!(is_quiet(&main_loop), "an error that nobody wants does not spin");
}

/// A pipe holds 64 KiB (pipe(7)); 60 KiB more than what is left would block, so it is made to hold exactly that.
fn fill(io: &Io<PipeWriter>) {
    let chunk = [0; 65_536];
    io.try_with(|mut writer| writer.write_all(&chunk)).expect("alive").expect("room");
}

#[test]
fn a_hang_up_that_nobody_wants_is_told_to_who_wants_later() {
    let main_loop = a_loop();
    let (io, theirs) = pair(&main_loop);
    drop(theirs);
    settle(&main_loop);
    assert!(is_quiet(&main_loop));
    let end = main_loop.block_on(io.read_with(|mut stream| stream.read(&mut [0; 8])));
    assert_eq!(end.expect("the end of the stream"), 0);
    settle(&main_loop);
    assert!(is_quiet(&main_loop));
    let (calls, count) = counter();
    io.on_writable(move |_| up(&count));
    main_loop.turn(Wait::Forever).expect("a turn");
    assert_eq!(calls.get(), 1);
}

#[test]
fn all_that_is_ready_is_served_in_one_turn() {
    let main_loop = a_loop();
    let pairs: Vec<_> = (0..100).map(|_| pair(&main_loop)).collect();
    let (calls, count) = counter();
    for (io, theirs) in &pairs {
        let count = count.clone();
        io.on_readable(move |stream| {
            take_byte(stream);
            up(&count);
        });
        (&*theirs).write_all(b"x").expect("written");
    }
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 100);
    assert_eq!(calls.get(), 100);
}

#[test]
fn freeing_closes_and_the_other_side_sees_it() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    io.free();
    assert_eq!(theirs.read(&mut [0]).expect("the end"), 0);
}

#[test]
fn a_copy_that_stays_open_reaches_nobody() {
    let main_loop = a_loop();
    let (ours, mut theirs) = UnixStream::pair().expect("a pair");
    let copy = ours.try_clone().expect("a copy");
    let io = Io::new(main_loop.root(), ours).expect("watched");
    let (calls, count) = counter();
    io.on_readable(move |_| up(&count));
    io.free();
    theirs.write_all(b"x").expect("written");
    assert_eq!(settle(&main_loop), 0);
    assert!(is_quiet(&main_loop));
    assert_eq!(calls.get(), 0);
    drop(copy);
}

#[test]
fn a_number_that_is_used_again_belongs_to_its_new_owner() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let (calls_of_old, count) = counter();
    io.on_readable(move |_| up(&count));
    theirs.write_all(b"x").expect("written");
    // Ready already, and in this same turn its number gets another file.
    let number = io.try_with(AsRawFd::as_raw_fd).expect("alive");
    let (calls_of_new, count) = counter();
    let (new, mut to_new) = UnixStream::pair().expect("a pair");
    let root = main_loop.root();
    root.soon(move || {
        io.free();
        let new = OwnedFd::from(new);
        let _held: Vec<_> = (0..50).map(|_| new.try_clone().expect("a copy")).filter(|copy| copy.as_raw_fd() < number).collect();
        Io::new(root, new).expect("watched").on_readable(move |_| up(&count));
    });
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 1, "the one above, not the watcher");
    assert_eq!(settle(&main_loop), 0);
    to_new.write_all(b"y").expect("written");
    main_loop.turn(Wait::Forever).expect("a turn");
    assert_eq!((calls_of_old.get(), calls_of_new.get()), (0, 1));
}

#[test]
fn a_watcher_frees_its_descriptor() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let (calls, count) = counter();
    io.on_readable(move |stream| {
        up(&count);
        io.free();
        assert!(!io.is_alive());
        take_byte(stream); // lent: it lives until the handler returns
    });
    let other_count = calls.clone();
    io.on_readable(move |_| up(&other_count));
    theirs.write_all(b"x").expect("written");
    settle(&main_loop);
    assert_eq!(calls.get(), 1);
    assert_eq!(theirs.read(&mut [0]).expect("closed"), 0);
}

#[test]
fn a_descriptor_made_while_one_is_freed_is_told_and_disarmed_for_itself() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let (old, mut to_old) = pair(&main_loop);
    let (new, mut to_new) = UnixStream::pair().expect("a pair");
    let made: Rc<Cell<Option<Io<UnixStream>>>> = Rc::default();
    let (calls, count) = counter();
    let (place, new) = (made.clone(), Cell::new(Some(new)));
    old.on_readable(move |stream| {
        take_byte(stream);
        old.free(); // Its value is lent: the kernel still knows it when the new one comes.
        let io = Io::new(root, new.take().expect("called once")).expect("watched");
        let count = count.clone();
        io.on_readable(move |_| up(&count));
        place.set(Some(io));
    });
    to_old.write_all(b"x").expect("written");
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 1);
    to_new.write_all(b"y").expect("written");
    assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 1);
    let io = made.get().expect("it was made");
    io.free_children(); // its watcher
    settle(&main_loop);
    assert!(is_quiet(&main_loop), "disarmed");
    main_loop.block_on(io.readable()).expect("armed again");
    assert_eq!(calls.get(), 1);
    assert_eq!(to_old.read(&mut [0]).expect("closed"), 0);
}

#[test]
fn a_watcher_frees_itself() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let own: Rc<Cell<Option<AnyNode>>> = Rc::default();
    let (calls, count) = counter();
    let watcher = own.clone();
    own.set(Some(io.on_readable(move |_| {
        up(&count);
        watcher.get().expect("set").free();
    })));
    theirs.write_all(b"x").expect("written");
    settle(&main_loop);
    assert_eq!(calls.get(), 1);
    assert!(io.is_alive());
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    let main_loop = a_loop();
    let root = main_loop.root();
    let file = File::open("/proc/self/exe").expect("this program");
    assert_eq!(Io::new(root, file).expect_err("a regular file").raw_os_error(), Some(libc::EPERM));

    let (reader, _writer) = pipe().expect("a pipe");
    let shared = Rc::new(reader);
    let _first = Io::new(root, shared.clone()).expect("watched");
    assert_eq!(Io::new(root, shared).expect_err("watched already").kind(), ErrorKind::AlreadyExists);

    let why = |error: io::Error| *error.get_ref().and_then(|why| why.downcast_ref::<OwnerError>()).expect("an OwnerError");
    let (reader, _writer) = pipe().expect("a pipe");
    let gone = root.insert(());
    gone.free();
    assert_eq!(why(Io::new(gone, reader).expect_err("no owner")), OwnerError::Freed);
    let (reader, _writer) = pipe().expect("a pipe");
    assert_eq!(why(Io::new(Sim::seeded(1).root(), reader).expect_err("no epoll")), OwnerError::WrongHost);
    assert_eq!(root.children().count(), 1);
}

#[test]
fn reading_and_writing_by_turns() {
    let main_loop = a_loop();
    let (one, theirs) = pair(&main_loop);
    let other = Io::new(main_loop.root(), theirs).expect("watched");
    const LEN: usize = 3_000_000; // more than a socket holds
    let sent = main_loop.root().spawn("send", async move |_| -> io::Result<()> {
        let bytes: Vec<u8> = (0..LEN).map(|place| place as u8).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let len = one.write_with(|mut stream| stream.write(rest)).await?;
            rest = &rest[len..];
        }
        one.free();
        Ok(())
    });
    let received = main_loop.block_on(async {
        let mut bytes = Vec::new();
        let mut buffer = [0; 10_000];
        loop {
            match other.read_with(|mut stream| stream.read(&mut buffer)).await? {
                0 => return io::Result::Ok(bytes),
                len => bytes.extend_from_slice(&buffer[..len]),
            }
        }
    });
    main_loop.block_on(sent).expect("sent");
    let received = received.expect("received");
    assert_eq!(received.len(), LEN);
    assert!(received.iter().enumerate().all(|(place, byte)| *byte == place as u8));
}

#[test]
fn spurious_readiness_is_waited_out() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    theirs.write_all(b"taken by another").expect("written");
    let (attempts, count) = counter();
    let request = main_loop.root().spawn("read", async move |_| {
        io.read_with(|mut stream| {
            up(&count);
            match count.get() {
                1 => Err(ErrorKind::Interrupted.into()),
                2 => stream.read(&mut [0; 32]).and(Err(ErrorKind::WouldBlock.into())),
                _ => stream.read(&mut [0; 32]),
            }
        })
        .await
    });
    settle(&main_loop);
    assert_eq!(attempts.get(), 2, "an interrupted one is tried again at once, the other waits");
    theirs.write_all(b"more").expect("written");
    assert_eq!(main_loop.block_on(request).expect("read"), 4);
    assert_eq!(attempts.get(), 3);
}

#[test]
fn a_future_that_is_dropped_wants_nothing() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let request = main_loop.root().spawn("wait", async move |_| io.readable().await);
    let waiting = request.node();
    settle(&main_loop);
    assert!(waiting.is_alive());
    drop(request);
    theirs.write_all(b"x").expect("written");
    assert_eq!(settle(&main_loop), 0);
    assert!(is_quiet(&main_loop));
    main_loop.block_on(io.readable()).expect("readable");
}

#[test]
fn law_12_waiting_for_what_is_freed_ends() {
    let main_loop = a_loop();
    let (io, _theirs) = pair(&main_loop);
    main_loop.root().soon(move || io.free());
    let error = main_loop.block_on(io.read_with(|mut stream| stream.read(&mut [0; 8]))).expect_err("freed");
    assert!(matches!(error.get_ref().and_then(|why| why.downcast_ref::<Ended>()), Some(Ended::Freed { .. })), "{error:?}");
    assert!(main_loop.block_on(io.writable()).is_err());
    assert!(main_loop.block_on(io.write_with(|mut stream| stream.write(b"x"))).is_err());
    assert!(!io.on_readable(|_| ()).is_alive());
}

#[test]
fn several_requests_wait_for_one_descriptor() {
    let main_loop = a_loop();
    let (io, mut theirs) = pair(&main_loop);
    let (done, count) = counter();
    for _ in 0..3 {
        let count = count.clone();
        let read = async move |_| -> io::Result<()> {
            io.read_with(|mut stream| stream.read_exact(&mut [0])).await?;
            up(&count);
            Ok(())
        };
        main_loop.root().spawn("read", read).detach();
    }
    settle(&main_loop);
    theirs.write_all(b"xyz").expect("written");
    while done.get() < 3 {
        main_loop.turn(Wait::Forever).expect("a turn");
    }
    assert!(is_quiet(&main_loop) || settle(&main_loop) == 0);
}

#[test]
fn a_pipe_end_is_as_good_as_a_socket() {
    let main_loop = a_loop();
    let (reader, mut writer): (PipeReader, PipeWriter) = pipe().expect("a pipe");
    let io = Io::new(main_loop.root(), reader).expect("watched");
    assert_eq!(io.name(), "PipeReader");
    writer.write_all(b"abc").expect("written");
    let mut buffer = [0; 3];
    main_loop.block_on(io.read_with(|mut reader| reader.read_exact(&mut buffer))).expect("read");
    assert_eq!(&buffer, b"abc");
}
