//! How channels wait, and what becomes of who waits no more.

use super::{connected, received};
use crate::{Behaviour, Transport};
use hamadryad::prelude::*;
use hamadryad::{Channel, ChannelError};

const LARGE: usize = 1 << 20;

/// Who does not wait for an answer any more has lost nothing: the next one receives it.
pub async fn channel_abandoned_while_receiving<T: Transport>(world: T) {
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Late(40)).await;
    channel.send(b"one").await.expect("there is room");
    let early = ground.scope("early", async |_| received(channel).await).timeout(millis(5)).await;
    assert!(matches!(early, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{early:?}");
    drop(ground.spawn("never runs", async move |_| received(channel).await));
    assert_eq!(received(channel).await.expect("it comes"), b"one");
}

/// An answer within the limit wins; one that comes too late does not undo the time-out, and is there for the next who asks.
pub async fn channel_deadline_against_answer<T: Transport>(world: T) {
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Late(30)).await;
    let ask = async move |question: &'static [u8], limit: u64| {
        let asking = ground.scope("ask", async |_| {
            channel.send(question).await?;
            received(channel).await
        });
        asking.timeout(millis(limit)).await
    };
    assert_eq!(ask(b"first", 10_000).await.expect("there is time"), b"first");
    let late = ask(b"second", 5).await;
    assert!(matches!(late, Err(ChannelError::Ended(Ended::TimedOut { .. }))), "{late:?}");
    assert_eq!(received(channel).await.expect("it comes nevertheless"), b"second");
}

/// A peer that does not read makes the sender wait in the end; abandoned then, the channel can be freed, and nobody waits any more.
pub async fn channel_abandoned_while_sending<T: Transport>(world: T) {
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Mute).await;
    let message = vec![7; LARGE];
    let mut sent = 0;
    let ended = loop {
        match ground.scope("send", async |_| channel.send(&message).await).timeout(millis(250)).await {
            Ok(()) => sent += 1,
            Err(ended) => break ended,
        }
        assert!(sent < 200, "somebody holds 200 MiB");
    };
    assert!(matches!(ended, ChannelError::Ended(Ended::TimedOut { .. })), "{ended:?}");
    channel.into().free();
    let ended = channel.send(b"late").await;
    assert!(matches!(ended, Err(ChannelError::Ended(Ended::Freed { .. }))), "{ended:?}");
}

/// A slow reader slows the sender down, and gets everything.
pub async fn channel_slow_reader_gets_everything<T: Transport>(world: T) {
    const MESSAGES: usize = 80;
    let ground = world.ground();
    let channel = connected(&world, ground, Behaviour::Lazy(150)).await;
    let begun = ground.now();
    let sender = ground.spawn("sender", async move |me: AnyNode| {
        let message = vec![7; LARGE / 2];
        for _ in 0..MESSAGES {
            channel.send(&message).await?;
        }
        Ok::<_, ChannelError>(me.now())
    });
    for number in 1..=MESSAGES {
        let answer = received(channel).await.expect("the peer answers each");
        assert_eq!(String::from_utf8_lossy(&answer), format!("{number} {}", LARGE / 2));
    }
    let done = sender.await.expect("room comes");
    assert!(done - begun >= millis(100), "nobody holds 40 MiB for a peer that does not read: the sender waited");
}
