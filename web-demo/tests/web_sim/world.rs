//! [`World`]: a site in the simulator, and clients of it.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use hamadryad::prelude::*;
use hamadryad::sim::{Address, DatagramSocket, Network, Sim};
use hamadryad::{AnyNode, ChannelError, Node};
use hamadryad_demo::web::{self, Gate, Limits, Page, Relay, Site, Token};
use hamadryad_demo::{Manners, Query, Treatment, Zone};

use crate::client::Client;
use crate::pipe::Pipe;

/// What Host says, and after `http://` Origin.
pub(crate) const HOST: &str = "127.0.0.1:8300";

/// How long the daemon's own resolver takes here.
pub(crate) const RESOLVER_TAKES: u64 = 10;

type Answering<'a> = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + 'a>>;
type Answer = for<'a> fn(AnyNode, &'a Query) -> Answering<'a>;

/// One simulated daemon.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) token: String,
    /// What stands above the site, to be shut down.
    pub(crate) clients: AnyNode,
    told: Rc<RefCell<Vec<String>>>,
    site: Rc<Site<Network, Answer>>,
}

impl World {
    pub(crate) fn new() -> World {
        World::with(Limits::default(), Page::not_built())
    }

    pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> World {
        let mut limits = Limits::default();
        change(&mut limits);
        World::with(limits, Page::not_built())
    }

    /// Three upstreams: one that is dead, one that takes 40 ms, one that takes 5 ms and refuses every second query.
    pub(crate) fn with(limits: Limits, page: Page) -> World {
        let sim = Sim::seeded(42);
        let all = [Manners::dead("upstream-1"), Manners::alive("upstream-2", 40), Manners::alive("upstream-3", 5).refusing_every(2)];
        let relays = all.into_iter().map(|manners| upstream(&sim, manners)).collect();
        let clients: AnyNode = sim.root().insert(()).named("clients").into();
        let token = Token::random(sim.root());
        let told = Rc::new(RefCell::new(Vec::new()));
        let (gate, log) = (Gate::new(HOST.parse().unwrap(), token), told.clone());
        let tell = move |line: std::fmt::Arguments<'_>| log.borrow_mut().push(line.to_string());
        let site = Site::new(clients, gate, page, limits, resolve as Answer, (sim.network().clone(), relays), tell);
        World { sim, token: token.to_string(), clients, told, site }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Client<'_> {
        self.connect_with_room(usize::MAX)
    }

    /// A new connection of a client that reads only when it is told to, and of which so many bytes can be under way to it.
    pub(crate) fn connect_with_room(&self, room: usize) -> Client<'_> {
        let (client, server) = Pipe::pair(room);
        let seat = self.site.seat().expect("there is room");
        let site = self.site.clone();
        let connection = self.site.node().spawn("connection", async move |me| {
            let _seat = seat;
            web::serve(me, server, "peer".to_owned(), site).await;
        });
        let node = connection.detach();
        self.sim.settle();
        Client::new(self, client, node)
    }

    /// One request on a connection of its own, and all that came back in no time.
    pub(crate) fn ask(&self, request: &str) -> String {
        let client = self.connect();
        client.say(request.as_bytes());
        client.text()
    }

    /// The site without anybody at it, as the report shows it.
    pub(crate) fn nodes(&self) -> usize {
        self.sim.root().report().nodes()
    }

    /// What was told since the last call.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.take()
    }

    /// All that happens in so long.
    pub(crate) fn pass(&self, ms: u64) {
        self.sim.advance(millis(ms));
        self.sim.settle();
    }
}

fn resolve(me: AnyNode, query: &Query) -> Answering<'_> {
    Box::pin(async move {
        let found = Zone::example_test().look_up(&query.question);
        me.sleep(millis(RESOLVER_TAKES) + found.after).await.ok()?;
        Some(found.reply.compose(&query.head, Some(&query.question)))
    })
}

fn upstream(sim: &Sim, manners: Manners) -> Relay<Address> {
    let peer = Address::new(manners.name(), 53);
    let socket = sim.network().bind(sim.root(), peer).unwrap();
    let manners = sim.root().insert(manners).named("manners");
    sim.root().spawn("upstream", async move |me| answer_all(me, socket, manners).await).background().detach();
    Relay { manners, peer }
}

async fn answer_all(me: AnyNode, socket: DatagramSocket, manners: Node<Manners>) -> Result<(), ChannelError> {
    let mut buffer = [0; 4096];
    loop {
        let (len, client) = socket.recv_from(&mut buffer).await?;
        let query = Query::parse(&buffer[..len]).expect("only queries are handed on");
        let mut dice = [0];
        me.fill_random(&mut dice);
        let (rcode, after) = match manners.with_mut(|manners| manners.next(dice[0] % 100)) {
            Treatment::Lost => continue,
            Treatment::Refused(after) => (Some(domain::base::iana::OptRcode::REFUSED), after),
            Treatment::Answered(after) => (None, after),
        };
        let reply = rcode.map_or_else(|| Zone::example_test().look_up(&query.question).reply, hamadryad_demo::Reply::code);
        let reply = reply.compose(&query.head, Some(&query.question));
        me.spawn("reply", async move |me| -> Result<(), ChannelError> {
            me.sleep(after).await?;
            // What is no answer to this query comes first: one to another, and the query itself.
            let (mut other, mut itself) = (reply.clone(), reply.clone());
            other[0] ^= 1;
            itself[2] &= 0x7f;
            for message in [&other, &itself, &reply] {
                socket.send_to(message, client).await?;
            }
            Ok(())
        })
        .detach();
    }
}
