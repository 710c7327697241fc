//! [`Browser`]: a headless Chromium, as long as the value lives.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

const OPTIONS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--remote-debugging-port=0",
    // No look-up leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
];

/// A running browser with one page.
#[derive(Debug)]
pub(crate) struct Browser(Child);

impl Browser {
    /// Opens `address`, with a profile of its own that begins empty.
    pub(crate) fn open(address: &str, profile: &Path) -> Result<Self, String> {
        if profile.exists() {
            std::fs::remove_dir_all(profile).map_err(|error| format!("{}: {error}", profile.display()))?;
        }
        let mut command = Command::new(std::env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into()));
        command.args(OPTIONS).arg(format!("--user-data-dir={}", profile.display())).arg(address);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).map_err(|error| format!("chromium: {error} (cure: apt-get install chromium)"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is our child and not waited for, so this cannot hit another process; its own children end with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
