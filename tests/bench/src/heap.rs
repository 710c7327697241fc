//! How much memory a contestant holds.
#![expect(unsafe_code, reason = "mallinfo2 is a foreign function")]

/// Bytes that malloc has handed out, its own headers included: `uordblks` and `hblkhd` of mallinfo(3), as the C contestants count them.
#[must_use]
pub fn live_bytes() -> u64 {
    // SAFETY: mallinfo2 takes no arguments, has no precondition, is thread-safe, and returns a struct of integers.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as u64
}
