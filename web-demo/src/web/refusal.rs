//! [`Refusal`]: a request that is not done, and why.

use core::fmt;

use super::head::Head;

/// A status code of HTTP (RFC 9110, section 15) and a sentence for the person who reads it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) text: String,
    /// What the status asks for (RFC 9110: 405 Allow; 426 Upgrade), or nothing.
    pub(super) header: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Refusal {
        Refusal { status, text: text.into(), header: None }
    }

    pub(super) fn with(self, name: &'static str, value: &'static str) -> Refusal {
        Refusal { header: Some((name, value)), ..self }
    }

    /// For any path that nothing lies at.
    pub(super) fn not_found(head: &Head) -> Refusal {
        Refusal::new(404, format!("there is no {}", head.shown_path()))
    }
}

/// `431 Request Header Fields Too Large: …`
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, reason(self.status), self.text)
    }
}

/// The name of a status, for those that we use.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
