//! What a host's reliable transport offers to the tests.

use crate::{SimWorld, World};
use hamadryad::prelude::*;
use hamadryad::sim::{Address, ListenError, Listener, Reliable, ReliableChannel};
use hamadryad::{Channel, ChannelError, Connect};

/// What a peer does with those who connect to it.
#[derive(Clone, Copy, Debug)]
pub enum Behaviour {
    /// Everything comes back.
    Echo,
    /// The same, each message so many milliseconds after it was taken.
    Late(u32),
    /// Reads nothing, says nothing.
    Mute,
    /// Reads nothing for so many milliseconds; then answers each message with its number and length, as text `N LEN`.
    Lazy(u32),
    /// One message `last words`, then the end, with this code and reason.
    Close(u16, &'static str),
    /// Never answers who connects.
    Hang,
    /// There is no peer.
    Nobody,
}

/// A world with channels that lose nothing.
pub trait Transport: World {
    /// Its channels.
    type Channel: Channel + Into<AnyNode> + 'static;
    /// What makes them.
    type Connect: Connect<Channel = Self::Channel> + 'static;

    /// What makes them.
    fn connector(&self) -> Self::Connect;

    /// A peer that behaves so, outside of every test's ground.
    fn peer(&self, behaviour: Behaviour) -> <Self::Connect as Connect>::Peer;
}

impl Transport for SimWorld {
    type Channel = ReliableChannel;
    type Connect = Reliable;

    fn connector(&self) -> Reliable {
        self.sim().network().reliable()
    }

    fn peer(&self, behaviour: Behaviour) -> Address {
        let network = self.sim().network();
        match behaviour {
            Behaviour::Nobody => Address::new("nobody", 1),
            Behaviour::Hang => {
                network.partition(&["local"], &["far"]);
                Address::new("far", 1)
            }
            behaviour => {
                let (listener, address) = listen(self.root(), &network.at("peer").reliable());
                self.root().spawn("peer", async move |me| serve(me, listener, behaviour).await).background().detach();
                address
            }
        }
    }
}

/// On a port where nobody listens yet.
fn listen(root: AnyNode, reliable: &Reliable) -> (Listener, Address) {
    for port in 1.. {
        let address = Address::new("peer", port);
        match reliable.listen(root, address) {
            Ok(listener) => return (listener, address),
            Err(ListenError::InUse { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("there are more ports than tests")
}

async fn serve(me: AnyNode, listener: Listener, behaviour: Behaviour) -> Result<(), ChannelError> {
    me.on_failure(|_| Contain); // clients come and go as they like
    loop {
        let (channel, _) = listener.accept(me).await?;
        me.spawn("connection", async move |me| {
            let _gone = channel.reparent(me);
            behave(me, channel, behaviour).await
        })
        .detach();
    }
}

async fn behave(me: AnyNode, channel: ReliableChannel, behaviour: Behaviour) -> Result<(), ChannelError> {
    let mut message = Vec::new();
    match behaviour {
        Behaviour::Echo | Behaviour::Late(_) => loop {
            channel.receive(&mut message).await?;
            if let Behaviour::Late(ms) = behaviour {
                me.sleep(millis(ms.into())).await?;
            }
            channel.send(&message).await?;
        },
        Behaviour::Lazy(ms) => {
            me.sleep(millis(ms.into())).await?;
            for number in 1.. {
                channel.receive(&mut message).await?;
                channel.send(format!("{number} {}", message.len()).as_bytes()).await?;
            }
            Ok(())
        }
        Behaviour::Close(code, reason) => {
            channel.send(b"last words").await?;
            channel.close(code, reason);
            Ok(())
        }
        Behaviour::Mute | Behaviour::Hang | Behaviour::Nobody => Ok(me.sleep(hours(1)).await?),
    }
}
