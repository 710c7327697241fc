//! What of a test harness is needed here: one thread, one test after the other.

use std::panic::catch_unwind;
use std::process::exit;

/// A test and its name.
pub(crate) type Test = (&'static str, fn());

/// Runs those of `tests` that the command line asks for; exits with 101, as the harness does, when one fails.
pub(crate) fn run(tests: &[Test]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| arguments.iter().any(|argument| argument == name);
    if flag("--list") {
        tests.iter().for_each(|(name, _)| println!("{name}: test"));
        return;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let exact = flag("--exact");
    let wanted = |name: &str| {
        let named = |filter: &&String| if exact { name == filter.as_str() } else { name.contains(filter.as_str()) };
        !flag("--ignored") && (filters.is_empty() || filters.iter().any(named))
    };
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests.iter().filter(|(name, _)| wanted(name)) {
        let outcome = if catch_unwind(test).is_ok() { "ok" } else { "FAILED" };
        println!("test {name} ... {outcome}");
        if outcome == "ok" { passed += 1 } else { failed += 1 }
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out\n",
        tests.len() - passed - failed
    );
    if failed > 0 {
        exit(101);
    }
}
