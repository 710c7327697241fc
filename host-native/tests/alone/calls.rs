//! System calls, counted by strace(1); where there is none, these tests say so and pass.

use hamadryad_native::{Io, Loop, Wait};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::process::Command;
use std::{env, fs, io};

pub(crate) const TESTS: &[super::Test] = &[
    ("a_hop_between_descriptors_is_three_system_calls", hop),
    ("a_hop_between_requests_is_three_system_calls", async_hop),
    ("a_timer_is_one_system_call", timer),
];

/// Set in the process that strace looks at.
const TRACED: &str = "HAMADRYAD_TRACED";
const ROUNDS: usize = 200;

/// Runs this very test again under strace; the calls that it makes between the two marks.
fn calls_of(name: &str) -> Option<Vec<String>> {
    let program = env::current_exe().expect("the path of this program");
    let log = env::temp_dir().join(format!("hamadryad-{}-{name}", std::process::id()));
    let traced = Command::new("strace").arg("-o").arg(&log).arg(program).args(["--alone", name]).env(TRACED, "1").status();
    let Ok(status) = traced else {
        print!(" (not counted: strace is not installed)");
        return None;
    };
    let text = fs::read_to_string(&log);
    drop(fs::remove_file(&log));
    assert!(status.success(), "{status}");
    let text = text.expect("a log");
    let between: Vec<_> = text.split("getppid()").collect();
    let [_, counted, _] = between[..] else { panic!("two marks: {text}") };
    let names = counted.lines().skip(1).filter_map(|line| line.split_once('(')).map(|(name, _)| name.to_owned());
    Some(names.collect())
}

/// A call that nothing else here makes.
fn mark() {
    std::hint::black_box(std::os::unix::process::parent_id());
}

fn is_traced() -> bool {
    env::var_os(TRACED).is_some()
}

fn count(calls: &[String], name: &str) -> usize {
    calls.iter().filter(|call| call.starts_with(name)).count()
}

fn a_pipe(main_loop: &Loop) -> (Io<PipeReader>, PipeWriter) {
    let (reader, writer) = pipe().expect("a pipe");
    (Io::new(main_loop.root(), reader).expect("watched"), writer)
}

fn pass_on(mut reader: &PipeReader, mut writer: &PipeWriter) -> io::Result<()> {
    let mut byte = [0];
    reader.read_exact(&mut byte)?;
    writer.write_all(&byte)
}

/// Runs that test again, traced: a wait, a read and a write each hop.
fn expect_three_a_hop(test: &str) {
    let Some(calls) = calls_of(test) else { return };
    assert_eq!(calls.len(), 3 * ROUNDS, "{calls:?}");
    assert_eq!(["epoll_", "read", "write"].map(|name| count(&calls, name)), [ROUNDS; 3]);
}

fn hop() {
    if !is_traced() {
        return expect_three_a_hop("a_hop_between_descriptors_is_three_system_calls");
    }
    let main_loop = Loop::new().expect("a loop");
    let (one, mut to_one) = a_pipe(&main_loop);
    let (other, to_other) = a_pipe(&main_loop);
    let back = to_one.try_clone().expect("a copy");
    one.on_readable(move |reader| pass_on(reader, &to_other).expect("passed on"));
    other.on_readable(move |reader| pass_on(reader, &back).expect("passed on"));
    to_one.write_all(b"x").expect("written");
    main_loop.turn(Wait::Forever).expect("a turn");
    mark();
    for _ in 0..ROUNDS {
        assert_eq!(main_loop.turn(Wait::Forever).expect("a turn").ran, 1);
    }
    mark();
}

fn async_hop() {
    if !is_traced() {
        return expect_three_a_hop("a_hop_between_requests_is_three_system_calls");
    }
    let main_loop = Loop::new().expect("a loop");
    let (one, mut to_one) = a_pipe(&main_loop);
    let (other, to_other) = a_pipe(&main_loop);
    let back = to_one.try_clone().expect("a copy");
    for (reader, writer) in [(one, to_other), (other, back)] {
        let relay = async move |_| -> io::Result<()> {
            loop {
                reader.read_with(|reader| pass_on(reader, &writer)).await?;
            }
        };
        main_loop.root().spawn("relay", relay).detach();
    }
    main_loop.turn(Wait::No).expect("a turn");
    to_one.write_all(b"x").expect("written");
    main_loop.turn(Wait::Forever).expect("a turn");
    mark();
    for _ in 0..ROUNDS {
        main_loop.turn(Wait::Forever).expect("a turn");
    }
    mark();
}

fn timer() {
    if !is_traced() {
        let Some(calls) = calls_of("a_timer_is_one_system_call") else { return };
        assert_eq!(calls.len(), ROUNDS, "{calls:?}");
        return assert_eq!(count(&calls, "epoll_"), ROUNDS, "{calls:?}");
    }
    let main_loop = Loop::new().expect("a loop");
    main_loop.root().every(std::time::Duration::from_micros(200), || ());
    main_loop.turn(Wait::Forever).expect("a turn");
    mark();
    for _ in 0..ROUNDS {
        main_loop.turn(Wait::Forever).expect("a turn");
    }
    mark();
}
