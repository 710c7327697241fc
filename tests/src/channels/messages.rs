//! What goes through a channel.

use super::{connected, received};
use crate::{Behaviour, Transport};
use hamadryad::{Channel, ChannelError};

/// Whole messages come back as they were sent, empty and large ones too.
pub async fn channel_messages_come_back<T: Transport>(world: T) {
    let channel = connected(&world, world.ground(), Behaviour::Echo).await;
    let large: Vec<u8> = (0..200_000_u32).map(|index| index as u8).collect();
    for message in [&b"hello"[..], b"", b"\0\xff", &large] {
        channel.send(message).await.expect("there is room");
        assert!(received(channel).await.expect("it comes back") == message, "a message of {} bytes", message.len());
    }
}

/// Nothing is lost, and nothing overtakes.
pub async fn channel_messages_keep_their_order<T: Transport>(world: T) {
    const { assert!(<T::Channel as Channel>::RELIABLE) };
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Echo).await;
    let sender = ground.spawn("sender", async move |_| {
        for number in 0..300_u32 {
            channel.send(&number.to_be_bytes()).await?;
        }
        Ok::<_, ChannelError>(())
    });
    for number in 0..300_u32 {
        assert_eq!(received(channel).await.expect("all come back"), number.to_be_bytes());
    }
    sender.await.expect("all were sent");
}

/// A message over the limit is refused before anything of it is sent.
pub async fn channel_over_the_limit_is_too_large<T: Transport>(world: T) {
    let channel = connected(&world, world.ground(), Behaviour::Echo).await;
    let limit = channel.limit();
    let refused = channel.send(&vec![0; limit + 1]).await;
    assert!(matches!(refused, Err(ChannelError::TooLarge { limit: told }) if told == limit), "{refused:?}");
    channel.send(b"fits").await.expect("the channel is good");
    assert_eq!(received(channel).await.expect("it comes back"), b"fits");
}
