//! [`World`]: a client, upstreams with manners, and nothing else.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use domain::base::iana::OptRcode;
use hamadryad::ChannelError;
use hamadryad::prelude::*;
use hamadryad::sim::{Address, Network, Sim};
use hamadryad_demo::{Answer, Limits, Query, Question, Reply, ResolveError, Resolver, Upstream, Zone};

/// What a simulated upstream makes of a query: the messages it sends back.
pub(crate) type Manners = fn(&Query) -> Vec<Vec<u8>>;

/// One client, upstreams as the test wants them, and a resolver that asks them in their order.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) upstreams: Vec<Upstream<Address>>,
    asked: Vec<Rc<Cell<u32>>>,
}

impl World {
    pub(crate) fn seeded(seed: u64) -> World {
        World { sim: Sim::seeded(seed), upstreams: Vec::new(), asked: Vec::new() }
    }

    /// An upstream that answers after `after`; named `upstream-1` and so on, at port 53 of the host of that name.
    pub(crate) fn upstream(&mut self, after: Duration, manners: Manners) -> &mut World {
        let name = format!("upstream-{}", self.upstreams.len() + 1);
        let address = Address::new(&name, 53);
        let asked = Rc::new(Cell::new(0));
        let (root, counter) = (self.sim.root(), asked.clone());
        let socket = self.sim.network().bind(root, address).unwrap();
        let serve = root.spawn("upstream", async move |me| -> Result<(), ChannelError> {
            let mut buffer = [0; 4096];
            loop {
                let (len, client) = socket.recv_from(&mut buffer).await?;
                counter.set(counter.get() + 1);
                let query = Query::parse(&buffer[..len]).expect("the resolver asks well-formed queries");
                me.spawn("reply", async move |me| -> Result<(), ChannelError> {
                    me.sleep(after).await?;
                    for message in manners(&query) {
                        socket.send_to(&message, client).await?;
                    }
                    Ok(())
                })
                .detach();
            }
        });
        serve.background().detach();
        self.upstreams.push(Upstream::new(name, address));
        self.asked.push(asked);
        self
    }

    pub(crate) fn resolver(&self) -> Resolver<Network> {
        self.resolver_under(self.sim.root())
    }

    pub(crate) fn resolver_under(&self, owner: AnyNode) -> Resolver<Network> {
        Resolver::new(owner, self.sim.network().clone(), self.upstreams.clone(), Limits::default())
    }

    pub(crate) fn resolve(&self, question: &Question) -> Result<Answer, ResolveError> {
        let (resolver, root) = (self.resolver(), self.sim.root());
        self.sim.block_on(async { resolver.resolve(root, question).await })
    }

    /// How often each upstream was asked.
    pub(crate) fn asked(&self) -> Vec<u32> {
        self.asked.iter().map(|asked| asked.get()).collect()
    }
}

pub(crate) fn from_zone(query: &Query) -> Vec<Vec<u8>> {
    vec![Zone::example_test().look_up(&query.question).reply.compose(&query.head, Some(&query.question))]
}

pub(crate) fn dead(_: &Query) -> Vec<Vec<u8>> {
    Vec::new()
}

pub(crate) fn says(rcode: OptRcode, query: &Query) -> Vec<Vec<u8>> {
    vec![Reply::code(rcode).compose(&query.head, Some(&query.question))]
}

pub(crate) fn www() -> Question {
    Question::address_of("www.example.test").unwrap()
}

pub(crate) fn code(result: &Result<Answer, ResolveError>) -> OptRcode {
    result.as_ref().expect("an answer").rcode()
}

pub(crate) fn tries(result: &Result<Answer, ResolveError>) -> String {
    match result {
        Ok(answer) => answer.way().to_string(),
        Err(error) => error.to_string(),
    }
}
