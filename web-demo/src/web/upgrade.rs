//! The beginning of a WebSocket (RFC 6455, section 4.2).

use async_tungstenite::tungstenite::handshake::derive_accept_key;

use super::head::Head;
use super::refusal::Refusal;

/// The response that changes the protocol, if that is what the client wants and can.
pub(super) fn accept(head: &Head) -> Result<String, Refusal> {
    let says = |list: &str, word: &str| list.split(',').any(|item| item.trim() == word);
    if head.method != "GET" {
        return Err(Refusal::new(405, "a WebSocket begins with GET").with("Allow", "GET"));
    }
    if !says(&head.upgrade, "websocket") || !says(&head.connection, "upgrade") || !head.is_http_1_1 {
        return Err(Refusal::new(426, "only WebSockets are served here").with("Upgrade", "websocket"));
    }
    if head.websocket_version.as_deref() != Some("13") {
        return Err(Refusal::new(426, "WebSockets of version 13 are spoken here").with("Sec-WebSocket-Version", "13"));
    }
    match &head.websocket_key {
        Some(key) if is_key(key) => Ok(format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            derive_accept_key(key.as_bytes())
        )),
        _ => Err(Refusal::new(400, "Sec-WebSocket-Key must be 16 bytes in Base64")),
    }
}

/// 16 bytes are 22 digits and two fillers.
fn is_key(key: &str) -> bool {
    key.len() == 24 && key.ends_with("==") && key[..22].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::is_key;

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        assert!(is_key("dGhlIHNhbXBsZSBub25jZQ=="), "the example of RFC 6455");
        for wrong in ["", "==", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=a", "dGhlIHNhbXBsZSBub25\r\nQ==", "äääääääääää=="]
        {
            assert!(!is_key(wrong), "{wrong}");
        }
    }
}
