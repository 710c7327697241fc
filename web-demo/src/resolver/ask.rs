//! [`ask`]: one question to one upstream.

use alloc::vec::Vec;
use domain::base::Message;
use domain::base::iana::{Opcode, OptRcode, Rtype};
use hamadryad::{AnyNode, Channel, Connect};

use crate::answer::is_readable;
use crate::attempt::AskError;
use crate::{OUR_SIZE, Question};

/// How many messages that are not the answer we look at. Someone who guesses ids gets this many guesses, and cannot keep us busy.
const STRAYS_MAX: usize = 16;

/// Opens a channel under `me`, asks, and takes the first message that answers this question under this id. What else comes in on the
/// channel is passed over, as RFC 5452, section 9, asks for; that it comes from the right source is the channel's promise. No time limit
/// of its own.
pub(super) async fn ask<C: Connect>(me: AnyNode, connect: &C, peer: &C::Peer, question: &Question) -> Result<Message<Vec<u8>>, AskError> {
    let channel = connect.connect(me, peer).await?;
    let mut id = [0; 2];
    me.fill_random(&mut id);
    let id = u16::from_be_bytes(id);
    channel.send(&request(id, question, channel.limit())).await?;
    for _ in 0..STRAYS_MAX {
        let mut message = Vec::new();
        channel.receive(&mut message).await?;
        if let Some(verdict) = judge(message, id, question) {
            return verdict;
        }
    }
    Err(AskError::Garbled)
}

/// A recursive query that says how large an answer we take: header, question, OPT record. By hand, since the builder is for messages of
/// any form, which a page would have to carry.
#[cfg_attr(target_family = "wasm", inline(never))]
fn request(id: u16, question: &Question, limit: usize) -> Vec<u8> {
    const RD: u8 = 1;
    let size = u16::try_from(limit).unwrap_or(u16::MAX).min(OUR_SIZE);
    let [id, size] = [id, size].map(u16::to_be_bytes);
    let [rtype, class, opt] = [question.rtype().to_int(), question.class().to_int(), Rtype::OPT.to_int()].map(u16::to_be_bytes);
    [
        // RFC 1035, section 4.1.1: one question, one additional record.
        &[id[0], id[1], RD, 0, 0, 1, 0, 0, 0, 0, 0, 1],
        question.name().as_slice(),
        &[rtype[0], rtype[1], class[0], class[1]],
        // RFC 6891, section 6.1.2: the root, the type, the size, no flags, no options.
        &[0, opt[0], opt[1], size[0], size[1], 0, 0, 0, 0, 0, 0],
    ]
    .concat()
}

/// `None`: not an answer to this question. An error reply may leave the question out (a server that could not read it); nothing else may.
#[cfg_attr(target_family = "wasm", inline(never))]
fn judge(message: Vec<u8>, id: u16, question: &Question) -> Option<Result<Message<Vec<u8>>, AskError>> {
    let message = Message::from_octets(message).ok()?;
    let header = message.header();
    if header.id() != id || !header.qr() || header.opcode() != Opcode::QUERY {
        return None;
    }
    let rcode = message.opt_rcode();
    let is_answer = matches!(rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN | OptRcode::NOTIMP);
    if message.header_counts().qdcount() == 0 && rcode != OptRcode::NOERROR && rcode != OptRcode::NXDOMAIN {
        return Some(Err(AskError::Declined(rcode)));
    }
    match message.for_slice().sole_question() {
        Err(_) => return Some(Err(AskError::Garbled)),
        Ok(repeated) if !question.is(&repeated) => return None,
        Ok(_) => {}
    }
    Some(match (is_answer, is_readable(message.for_slice())) {
        (true, true) => Ok(message),
        (true, false) => Err(AskError::Garbled),
        (false, _) => Err(AskError::Declined(rcode)),
    })
}
