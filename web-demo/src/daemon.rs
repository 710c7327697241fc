//! The daemon: DNS over UDP on Linux.
//!
//! ```text
//! root
//! ├─ terminal
//! ├─ upstreams             the zone, and below it those who answer from it
//! ├─ shared questions      and below it every question that is asked right now
//! ├─ clients               the service that people ask
//! │  ├─ udp 127.0.0.1:5300
//! │  └─ serve
//! │     └─ query www.example.test A
//! └─ signals
//! ```
//!
//! A stop shuts `clients` down: nothing new is taken in, what is in flight is answered, for which upstreams and questions are still
//! there. When
//! `clients` is gone, the root follows, and all is gone.

mod banner;
mod listen;
mod options;
mod signals;
mod terminal;

use core::fmt;
use core::time::Duration;
use std::error::Error;
use std::net::SocketAddr;

use domain::base::iana::OptRcode;
use hamadryad_native::net::Udp;
use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Connect, Run, RunError};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::service::{IN_FLIGHT_MAX, Service};
use crate::upstream::BUILT_IN;
use crate::{Limits, Query, Reply, Resolver, Upstream, Zone};
use banner::Banner;
use listen::listen;
pub use options::Options;
use signals::{report_on_signal, stop_on_signals};
pub(crate) use terminal::Terminal;

/// How long queries in flight may take when the daemon is asked to stop.
const GRACE: Duration = secs(5);

/// Files open beside those of queries in flight: standard ones, epoll, sockets that listen, and some to spare.
const OTHER_FILES: u64 = 64;

/// Serves until a signal ends it.
///
/// # Errors
///
/// What kept it from starting (an address that is taken, as a rule), or the failure that ended it.
pub fn run(options: Options) -> Result<(), RunError> {
    allow_open_files();
    Run::new().grace(GRACE).run(move |root| start(root, &options))
}

fn start(root: AnyNode, options: &Options) -> Result<(), Box<dyn Error>> {
    let terminal = Terminal::open(root, options.quiet);
    let upstreams = upstreams(root, options, terminal)?;
    let resolver = Resolver::new(root, Udp, upstreams, Limits::default());

    let clients = Service::new(root, "clients");
    let socket = listen(clients, options.listen)?;
    let address = socket.local_addr()?;
    if options.upstreams.contains(&address) {
        return Err(Box::new(OwnUpstream(address)));
    }
    Service::serve(clients, socket, terminal, async move |me, query: &Query| answer(me, &resolver, query, terminal).await);

    stop_on_signals(root, clients, terminal)?;
    report_on_signal(root, clients, terminal)?;
    terminal.say(Banner { options, address });
    Ok(())
}

fn upstreams(root: AnyNode, options: &Options, terminal: Terminal) -> Result<Vec<Upstream<SocketAddr>>, Box<dyn Error>> {
    if !options.upstreams.is_empty() {
        return Ok(options.upstreams.iter().map(|peer| Upstream::new(peer.to_string(), *peer)).collect());
    }
    let zone = root.insert(Zone::example_test()).named("upstreams");
    BUILT_IN.iter().map(|upstream| Ok(upstream.start(zone, terminal)?)).collect()
}

async fn answer<C: Connect + 'static>(me: AnyNode, resolver: &Resolver<C>, query: &Query, terminal: Terminal) -> Vec<u8> {
    let Query { head, question } = query;
    let began = me.now();
    let resolved = resolver.resolve(me, question).await;
    let ms = (me.now() - began).as_millis();
    match resolved {
        Ok(answer) => {
            terminal.tell(format_args!("{question}: {} after {ms} ms; {}", answer.rcode(), answer.way()));
            answer.compose(head, question)
        }
        Err(error) => {
            terminal.tell(format_args!("{question}: SERVFAIL after {ms} ms; {error}"));
            Reply::code(OptRcode::SERVFAIL).compose(head, Some(question))
        }
    }
}

/// Each question in flight has a socket; the usual soft limit of 1,024 files would be fewer than we take in. Without leave for more, the
/// questions over it fail over and end as SERVFAIL.
fn allow_open_files() {
    let wanted = IN_FLIGHT_MAX as u64 + OTHER_FILES;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        let _leave_denied = setrlimit(Resource::Nofile, limit);
    }
}

/// We were told to ask ourselves, which would go round until the time is over.
#[derive(Debug)]
struct OwnUpstream(SocketAddr);

impl fmt::Display for OwnUpstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be both --listen and --upstream: it would ask itself", self.0)
    }
}

impl Error for OwnUpstream {}
