//! What every reliable transport does: the tests of `Connect` and `Channel`, for each host that has one.

mod connecting;
mod ending;
mod messages;
mod waiting;

pub use connecting::*;
pub use ending::*;
pub use messages::*;
pub use waiting::*;

use crate::{Behaviour, Transport};
use hamadryad::prelude::*;
use hamadryad::{Channel, ChannelError, Connect};

/// A channel under `owner` to a peer that behaves so.
async fn connected<T: Transport>(world: &T, owner: AnyNode, behaviour: Behaviour) -> T::Channel {
    let channel = world.connector().connect(owner, &world.peer(behaviour)).timeout(secs(20)).await;
    channel.unwrap_or_else(|error| panic!("{behaviour:?}: {error}"))
}

async fn received(channel: impl Channel) -> Result<Vec<u8>, ChannelError> {
    let mut message = b"what was here before".to_vec();
    channel.receive(&mut message).await?;
    Ok(message)
}
