use core::fmt;
use core::str::FromStr;

/// Bytes in the longest name of a host; with it, an address is 32 bytes.
const HOST_LEN_MAX: usize = 29;

/// Where something is on the simulated network: the name of a host, and a port of it (0 where none is needed).
///
/// As text `dns:53`, or `dns` where the port is 0. Links, partitions and unreachable hosts go by the name alone.
///
/// ```
/// use hamadryad::sim::Address;
///
/// const DNS: Address = Address::new("dns", 53);
/// assert_eq!(DNS, "dns:53".into());
/// assert_eq!(DNS.host(), "dns");
/// assert!("dns:fifty-three".parse::<Address>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// UTF-8, filled up with zeros, so that the derived order is that of the names.
    host: [u8; HOST_LEN_MAX],
    host_len: u8,
    port: u16,
}

impl Address {
    /// An address from its parts.
    ///
    /// # Panics
    ///
    /// When the name is empty, longer than 29 bytes, or has a `:` in it. What comes from outside goes through [`str::parse`], which
    /// returns an [`AddressError`].
    pub const fn new(host: &str, port: u16) -> Address {
        match Address::try_new(host, port) {
            Ok(address) => address,
            Err(_) => panic!("the name of a simulated host has 1 to 29 bytes and no ':'"),
        }
    }

    /// The host's name.
    pub const fn host(&self) -> &str {
        let (host, _) = self.host.split_at(self.host_len as usize);
        match core::str::from_utf8(host) {
            Ok(host) => host,
            Err(_) => unreachable!(),
        }
    }

    /// The port on that host.
    pub const fn port(self) -> u16 {
        self.port
    }

    /// Another port on the same host.
    #[must_use = "it gives another address"]
    pub const fn with_port(self, port: u16) -> Address {
        Address { port, ..self }
    }

    const fn try_new(host: &str, port: u16) -> Result<Address, AddressError> {
        let name = host.as_bytes();
        if name.is_empty() {
            return Err(AddressError::Empty);
        }
        if name.len() > HOST_LEN_MAX {
            return Err(AddressError::TooLong { limit: HOST_LEN_MAX });
        }
        let mut bytes = [0; HOST_LEN_MAX];
        let mut index = 0;
        while index < name.len() {
            if name[index] == b':' {
                return Err(AddressError::Port);
            }
            bytes[index] = name[index];
            index += 1;
        }
        Ok(Address { host: bytes, host_len: name.len() as u8, port })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        match text.split_once(':') {
            None => Address::try_new(text, 0),
            Some((host, port)) => Address::try_new(host, port.parse().map_err(|_| AddressError::Port)?),
        }
    }
}

/// For addresses that are written in the program.
///
/// # Panics
///
/// When the text is no address, saying why; [`str::parse`] returns the error.
impl From<&str> for Address {
    #[track_caller]
    fn from(text: &str) -> Address {
        match text.parse() {
            Ok(address) => address,
            Err(error) => panic!("no address of the simulated network: {text:?}: {error}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => f.write_str(self.host()),
            port => write!(f, "{}:{port}", self.host()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// The host has no name.
    Empty,
    /// The host's name is too long.
    TooLong {
        /// Bytes in the longest name.
        limit: usize,
    },
    /// What follows the `:` is no number from 0 to 65535.
    Port,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressError::Empty => f.write_str("the host has no name"),
            AddressError::TooLong { limit } => write!(f, "the host's name is longer than {limit} bytes"),
            AddressError::Port => f.write_str("the port is no number from 0 to 65535"),
        }
    }
}

impl core::error::Error for AddressError {}
