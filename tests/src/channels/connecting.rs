//! How channels are made, or not.

use super::connected;
use crate::{Behaviour, Transport};
use hamadryad::prelude::*;
use hamadryad::{ChannelError, Connect};

/// A channel is a node under the owner that it was made for.
pub async fn channel_is_a_node_under_its_owner<T: Transport>(world: T) {
    let ground = world.ground();
    let channel: AnyNode = connected(&world, ground, Behaviour::Echo).await.into();
    assert_eq!(channel.parent(), Some(ground));
    assert_eq!(ground.children().count(), 1, "the request for it is gone");
}

/// Where nobody is, connecting fails.
pub async fn channel_to_nobody_is_refused<T: Transport>(world: T) {
    let ground = world.ground();
    let refused = world.connector().connect(ground, &world.peer(Behaviour::Nobody)).timeout(secs(20)).await;
    let refused = refused.map(drop);
    assert!(matches!(refused, Err(ChannelError::Refused)), "{refused:?}");
    assert_eq!(ground.children().count(), 0);
}

/// A request to connect that times out, or is dropped, leaves nothing.
pub async fn channel_abandoned_while_connecting<T: Transport>(world: T) {
    let ground = world.ground();
    let peer = world.peer(Behaviour::Hang);
    let ended = world.connector().connect(ground, &peer).timeout(millis(20)).await.map(drop);
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{ended:?}");
    let request = world.connector().connect(ground, &peer);
    assert_eq!(ground.children().count(), 1);
    drop(request);
    assert_eq!(ground.children().count(), 0);
}

/// A freed owner ends who connects for it, before and while it does.
pub async fn channel_of_a_freed_owner_is_not_made<T: Transport>(world: T) {
    let ground = world.ground();
    let owner: AnyNode = *ground.insert(());
    let peer = world.peer(Behaviour::Hang);
    let connecting = world.connector().connect(owner, &peer);
    ground.after(millis(5), move || owner.free());
    let ended = connecting.await.map(drop);
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
    let ended = world.connector().connect(owner, &peer).await.map(drop);
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
}
