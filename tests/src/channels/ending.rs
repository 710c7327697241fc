//! How channels end.

use super::{connected, received};
use crate::{Behaviour, Transport};
use hamadryad::prelude::*;
use hamadryad::{Channel, ChannelError};

/// What the peer sent is received, and then every verb tells its code and reason.
pub async fn channel_closed_by_the_peer_tells_code_and_reason<T: Transport>(world: T) {
    let channel = connected(&world, world.ground(), Behaviour::Close(3042, "enough")).await;
    assert_eq!(received(channel).await.expect("it was sent before the end"), b"last words");
    for _ in 0..2 {
        let ended = received(channel).await;
        let Err(ChannelError::Closed { code: 3042, reason }) = ended else { panic!("{ended:?}") };
        assert_eq!(reason, "enough");
    }
    let ended = channel.send(b"hello?").await;
    assert!(matches!(ended, Err(ChannelError::Closed { code: 3042, .. })), "{ended:?}");
    assert!(channel.into().is_alive(), "the node stays until it is freed");
}

/// Who waits on a channel is told when that, or what owns it, is freed; and so is whoever comes later.
pub async fn channel_freed_ends_who_waits<T: Transport>(world: T) {
    let ground = world.ground();
    let owner: AnyNode = *ground.insert(());
    let channel = connected(&world, owner, Behaviour::Mute).await;
    ground.after(millis(5), move || owner.free());
    for _ in 0..2 {
        let ended = received(channel).await;
        assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
    }
    let ended = channel.send(b"late").await;
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
}

/// A channel that was moved to a request ends with it: an abandoned user takes along the connection that he used.
pub async fn channel_moved_to_a_request_ends_with_it<T: Transport>(world: T) {
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Late(200)).await;
    let used = ground.spawn("user", async move |me| {
        let moved: AnyNode = channel.into();
        assert!(moved.reparent(me).is_ok());
        channel.send(b"one").await?;
        received(channel).await
    });
    let ended = used.timeout(millis(20)).await;
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{ended:?}");
    assert!(!channel.into().is_alive());
}
