//! [`ask`]: one question to one upstream.

use alloc::vec::Vec;
use domain::base::iana::{Opcode, OptRcode};
use domain::base::{Header, Message};
use hamadryad::{AnyNode, Channel, Connect};

use crate::attempt::AskError;
use crate::outgoing::{Outgoing, OutgoingEdns};
use crate::records::Records;
use crate::{OUR_SIZE, OwnedRecord, PLAIN_SIZE, Question};

/// How many messages that are not the answer we look at. Someone who guesses ids gets this many guesses, and cannot keep us busy.
const STRAYS_MAX: usize = 16;

/// Opens a channel under `me`, asks, and takes the first message that answers this question under this id. What else comes in on the
/// channel is passed over, as RFC 5452, section 9, asks for; that it comes from the right source is the channel's promise. No time limit
/// of its own. Gives the answer's code, and the answer into `answer`.
pub(super) async fn ask<C: Connect>(
    me: AnyNode,
    connect: &C,
    peer: &C::Peer,
    question: &Question,
    answer: &mut Option<Message<Vec<u8>>>,
) -> Result<OptRcode, AskError> {
    let channel = connect.connect(me, peer).await?;
    let mut id = [0; 2];
    me.fill_random(&mut id);
    let id = u16::from_be_bytes(id);
    channel.send(&request(id, question, channel.limit())).await?;
    for _ in 0..STRAYS_MAX {
        let mut message = Vec::new();
        channel.receive(&mut message).await?;
        let Ok(message) = Message::from_octets(message) else { continue };
        if let Some(verdict) = judge(message.for_slice(), id, question) {
            *answer = Some(message);
            return verdict;
        }
    }
    Err(AskError::Garbled)
}

/// A recursive query that says how large an answer we take.
fn request(id: u16, question: &Question, limit: usize) -> Vec<u8> {
    let mut header = Header::new();
    header.set_id(id);
    header.set_rd(true);
    let size = u16::try_from(limit).unwrap_or(u16::MAX).min(OUR_SIZE);
    let message = Outgoing::<OwnedRecord> {
        header,
        question: Some(question),
        sections: [&[]; 3],
        edns: Some(OutgoingEdns { size, rcode: OptRcode::NOERROR, dnssec_ok: false }),
        size_max: PLAIN_SIZE.into(),
    };
    message.compose().expect("header, question (at most 259 bytes) and OPT fit into 512 bytes")
}

/// `None`: not an answer to this question. An error reply may leave the question out (a server that could not read it); nothing else may.
#[cfg_attr(target_family = "wasm", inline(never))]
fn judge(message: &Message<[u8]>, id: u16, question: &Question) -> Option<Result<OptRcode, AskError>> {
    let header = message.header();
    if header.id() != id || !header.qr() || header.opcode() != Opcode::QUERY {
        return None;
    }
    let records = Records::read(message);
    let rcode = match &records {
        Ok(Records { edns: Some(edns), .. }) => edns.rcode,
        _ => header.rcode().into(),
    };
    let is_answer = matches!(rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN | OptRcode::NOTIMP);
    if message.header_counts().qdcount() == 0 && rcode != OptRcode::NOERROR && rcode != OptRcode::NXDOMAIN {
        return Some(Err(AskError::Declined(rcode)));
    }
    match message.sole_question() {
        Err(_) => return Some(Err(AskError::Garbled)),
        Ok(repeated) if !question.is(&repeated) => return None,
        Ok(_) => {}
    }
    Some(match (is_answer, records.is_ok()) {
        (true, true) => Ok(rcode),
        (true, false) => Err(AskError::Garbled),
        (false, _) => Err(AskError::Declined(rcode)),
    })
}
