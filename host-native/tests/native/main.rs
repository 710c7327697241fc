//! The Linux host: descriptors, sockets, the loop.

mod descriptors;
mod loops;
mod sys;
mod tcp;
mod udp;

use hamadryad_native::{Loop, Wait};

/// No test takes as long as this.
const LIMIT_S: u32 = 120;

/// A new loop; and a test that hangs ends the whole program by `SIGALRM`, in place of standing for ever.
fn a_loop() -> Loop {
    sys::die_after(LIMIT_S);
    Loop::new().expect("a loop")
}

/// Runs whatever can run without waiting; tells how many pieces of code that were.
fn settle(main_loop: &Loop) -> usize {
    let mut sum = 0;
    loop {
        match main_loop.turn(Wait::No).expect("a turn").ran {
            0 => return sum,
            ran => sum += ran,
        }
    }
}
