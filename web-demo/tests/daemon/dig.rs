//! [`dig`]: a real DNS client.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

/// Every `dig` asks from a loopback address of its own. It shares ports (SO_REUSEPORT), and so two at the same time may get the same one,
/// and one of them the answers of both.
static CLIENTS: AtomicU16 = AtomicU16::new(1);

/// What `dig` printed about one answer.
#[derive(Debug)]
pub(crate) struct Dug {
    text: String,
}

/// Asks once, and waits up to 10 s.
///
/// Panics when `dig` is missing: a test that did not run must not look as if it had passed.
pub(crate) fn dig(server: SocketAddr, arguments: &[&str]) -> Dug {
    let [high, low] = CLIENTS.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let output = Command::new("dig")
        .arg(format!("@{}", server.ip()))
        .args(["-b", &format!("127.1.{high}.{low}")])
        .args(["-p", &server.port().to_string(), "+time=10", "+tries=1", "+nocookie", "+ignore"])
        .args(arguments)
        .output();
    match output {
        Ok(output) => Dug { text: String::from_utf8_lossy(&output.stdout).into_owned() },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("`dig` is missing: `cargo xtask test` installs it (Debian's package bind9-dnsutils)")
        }
        Err(error) => panic!("`dig` cannot run: {error}"),
    }
}

impl Dug {
    /// `NOERROR`, `NXDOMAIN`, …; the whole text where there is none, so that a failed test shows it.
    pub(crate) fn status(&self) -> &str {
        self.text.split("status: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or(&self.text)
    }

    pub(crate) fn flags(&self) -> Vec<&str> {
        let flags = self.text.split(";; flags: ").nth(1).and_then(|rest| rest.split(';').next()).unwrap_or("");
        flags.split_whitespace().collect()
    }

    /// The records of the answer section, fields parted by one space, without the TTL.
    pub(crate) fn answers(&self) -> Vec<String> {
        self.section("ANSWER")
    }

    pub(crate) fn section(&self, name: &str) -> Vec<String> {
        let start = format!(";; {name} SECTION:\n");
        let Some(section) = self.text.split(&start).nth(1) else { return Vec::new() };
        let records = section.lines().take_while(|line| !line.is_empty());
        records
            .map(|line| line.split_whitespace().enumerate().filter(|(n, _)| *n != 1).map(|(_, word)| word).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// The size that the server takes, if it speaks EDNS.
    pub(crate) fn edns_size(&self) -> Option<u16> {
        let line = self.text.lines().find(|line| line.starts_with("; EDNS: version: 0"))?;
        line.rsplit("udp: ").next()?.parse().ok()
    }

    /// Bytes of the message.
    pub(crate) fn size(&self) -> usize {
        self.text.split(";; MSG SIZE  rcvd: ").nth(1).and_then(|rest| rest.lines().next()).and_then(|size| size.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}
