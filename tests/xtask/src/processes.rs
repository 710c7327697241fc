//! Ending a process with everything it started.

use std::collections::HashMap;
use std::process::{Command, Stdio};

/// Kills `pid` and all its descendants. Those stay in the terminal's process group, so that Ctrl-C reaches them without us; hence no
/// group to kill. They are stopped first, until no new one is found: who is killed at once may have started another meanwhile, which
/// nobody would find any more.
pub(crate) fn kill_tree(pid: u32) {
    let mut doomed = vec![pid];
    let mut stopped = 0;
    while stopped < doomed.len() {
        signal("STOP", &doomed[stopped..]);
        stopped = doomed.len();
        let children = children_by_parent();
        let mut next = 0;
        while let Some(parent) = doomed.get(next) {
            let found: Vec<u32> = children.get(parent).into_iter().flatten().copied().filter(|child| !doomed.contains(child)).collect();
            doomed.extend(found);
            next += 1;
        }
    }
    signal("KILL", &doomed);
}

fn signal(name: &str, pids: &[u32]) {
    // The shell's own `kill`: /bin/kill belongs to a package that is not always there.
    let mut kill = Command::new("sh");
    kill.args(["-c", "kill -s \"$@\"", "sh", name]).args(pids.iter().map(u32::to_string));
    // Who has ended by himself meanwhile is not an error.
    let _ = kill.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

fn children_by_parent() -> HashMap<u32, Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else { return children };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        if let Some(parent) = parent_in(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    children
}

/// The fourth field of `/proc/PID/stat` (proc_pid_stat(5)); the second, the name, may itself hold blanks and brackets.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};

    #[test]
    fn the_parent_is_found_behind_an_odd_name() {
        assert_eq!(parent_in("12 (a ) b) S 7 12 12 0"), Some(7));
        assert_eq!(parent_in(""), None);
    }

    #[test]
    fn grandchildren_die_too() {
        // The grandchild holds the pipe open: reading to its end returns only when both are gone.
        let script = "sh -c 'echo ready; tail -f /dev/null; true' & wait";
        let mut child = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "ready");
        kill_tree(child.id());
        assert!(lines.next().is_none());
        assert!(!child.wait().unwrap().success());
    }
}
