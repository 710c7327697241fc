//! [`Gate`]: who may ask for what.

use std::net::SocketAddr;

use super::Token;
use super::head::Head;
use super::refusal::Refusal;

/// Knows our own address and the token.
///
/// A browser says in Host where it believes to be, so a name that was bent to our address (DNS rebinding) gives itself away there; it says
/// in Origin whose script asks, which a script cannot change; and the token was told to nobody else.
#[derive(Debug)]
pub struct Gate {
    token: Token,
    /// All that Host may say, in lower case; the first is the one that we print.
    hosts: Vec<String>,
}

impl Gate {
    /// For a server that listens at `address`.
    pub fn new(address: SocketAddr, token: Token) -> Gate {
        let port = address.port();
        let ip = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let mut names = match address.ip() {
            ip if ip.is_unspecified() && ip.is_ipv4() => vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            ip if ip.is_unspecified() => vec!["[::1]".to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned()],
            loopback if loopback.is_loopback() => vec![ip, "localhost".to_owned()],
            _ => vec![ip],
        };
        // A browser leaves out the port that http has by default.
        let bare = if port == 80 { names.clone() } else { Vec::new() };
        names.iter_mut().for_each(|name| name.push_str(&format!(":{port}")));
        names.extend(bare);
        Gate { token, hosts: names }
    }

    /// The address for people, with the token in it.
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.hosts[0], self.token)
    }

    /// Whether the client means us: its Host.
    pub(super) fn host<'head>(&self, head: &'head Head) -> Result<&'head str, Refusal> {
        match &head.host {
            Some(host) if self.is_ours(host) => Ok(host),
            Some(_) => Err(Refusal::new(421, format!("this is {} and goes by no other name", self.hosts[0]))),
            None => Err(Refusal::new(400, "a request must say its Host")),
        }
    }

    /// Whether the page that asks is our own, and knows the token: for what a foreign page must not have.
    pub(super) fn admit(&self, head: &Head) -> Result<(), Refusal> {
        match &head.origin {
            None => return Err(Refusal::new(403, "only our own page may ask for this, and Origin says that it does")),
            Some(origin) if !origin.strip_prefix("http://").is_some_and(|host| self.is_ours(host)) => {
                return Err(Refusal::new(403, "only our own page may ask for this, no other site"));
            }
            Some(_) => {}
        }
        match head.parameter("token") {
            Some(token) if self.token.is(&token) => Ok(()),
            Some(_) => Err(Refusal::new(403, "the token is not the one that was printed at start")),
            None => Err(Refusal::new(403, "the token is missing: open the address that was printed at start")),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    use super::{Gate, Token};
    use hamadryad::sim::Sim;

    fn gate(address: &str) -> Gate {
        Gate::new(address.parse().expect("an address"), Token::random(Sim::seeded(1).root()))
    }

    #[test]
    fn only_our_own_names_are_ours() {
        let gate = gate("127.0.0.1:8300");
        for ours in ["127.0.0.1:8300", "localhost:8300", "LOCALHOST:8300"] {
            assert!(gate.is_ours(ours), "{ours}");
        }
        for foreign in ["", "127.0.0.1", "127.0.0.1:80", "evil.test:8300", "localhost.evil.test:8300", "127.0.0.1:8300.", "[::1]:8300"] {
            assert!(!gate.is_ours(foreign), "{foreign}");
        }
    }

    #[test]
    fn every_way_to_listen_has_a_name() {
        assert!(gate("[::1]:8300").is_ours("[::1]:8300") && gate("[::1]:8300").is_ours("localhost:8300"));
        assert!(gate("0.0.0.0:8300").is_ours("127.0.0.1:8300") && !gate("0.0.0.0:8300").is_ours("0.0.0.0:8300"));
        assert!(gate("[::]:8300").is_ours("[::1]:8300"));
        assert!(gate("192.0.2.1:8300").is_ours("192.0.2.1:8300") && !gate("192.0.2.1:8300").is_ours("localhost:8300"));
        assert!(gate("127.0.0.1:80").is_ours("localhost") && gate("127.0.0.1:80").is_ours("127.0.0.1:80"));
    }
}
