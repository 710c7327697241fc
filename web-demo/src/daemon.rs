//! The daemon: DNS over UDP on Linux, and a page that shows it.
//!
//! ```text
//! root
//! ├─ terminal
//! ├─ upstreams             the zone, and below it those who answer from it
//! ├─ shared questions      and below it every question that is asked right now
//! ├─ clients               the service that people ask
//! │  ├─ udp 127.0.0.1:5300
//! │  ├─ serve
//! │  │  └─ query www.example.test A
//! │  └─ web                what serves the page
//! │     ├─ tree feed       one look at all of this, for all who watch
//! │     ├─ tcp 127.0.0.1:8300
//! │     └─ accept
//! │        └─ connection 127.0.0.1:40000 GET /dns upstream-2
//! │           ├─ tcp 127.0.0.1:40000
//! │           ├─ outbox
//! │           ├─ send
//! │           └─ query www.example.test A
//! └─ signals
//! ```
//!
//! A stop shuts `clients` down: nothing new is taken in, what is in flight is answered, for which upstreams and questions are still
//! there, and then WebSockets are told goodbye. When `clients` is gone, the root follows, and all is gone.

mod address_file;
mod banner;
mod listen;
mod options;
mod signals;
mod terminal;

use core::fmt;
use core::time::Duration;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use domain::base::iana::OptRcode;
use hamadryad_native::net::{TcpListener, Udp, UdpSocket};
use hamadryad_native::prelude::*;
use hamadryad_native::{AnyNode, Connect, Run, RunError};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::service::{IN_FLIGHT_MAX, Service};
use crate::upstream::{BUILT_IN, BuiltIn};
use crate::web::{self, Gate, Page, Relay, Server, Site, Token};
use crate::{Limits, Query, Reply, Resolver, Upstream, Zone};
use address_file::AddressFile;
use banner::Banner;
use listen::{DNS, HTTP};
pub use options::Options;
use signals::{report_on_signal, stop_on_signals};
pub(crate) use terminal::Terminal;

/// How long queries in flight may take when the daemon is asked to stop.
const GRACE: Duration = secs(5);

/// Files open beside those of queries in flight: standard ones, epoll, sockets that listen, and some to spare.
const OTHER_FILES: u64 = 64;

/// Where the page is built, seen from where the daemon is started as a rule.
const PAGE: &str = "target/page";

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
    let (upstreams, relays) = upstreams(root, options, terminal)?;
    let resolver = Resolver::new(root, Udp, upstreams, Limits::default());

    let clients = Service::new(root, "clients");
    let socket = DNS.bind(options.listen, |address| UdpSocket::bind(clients, address))?;
    let address = socket.local_addr()?;
    if options.upstreams.contains(&address) {
        return Err(Box::new(OwnUpstream(address)));
    }
    let asked = resolver.clone();
    Service::serve(clients, socket, terminal, async move |me, query: &Query| answer(me, &asked, query, terminal).await);

    let listener = HTTP.bind(options.http, |address| TcpListener::bind(clients, address))?;
    let http = listener.local_addr()?;
    let file = options.address_file.as_deref().map(AddressFile);
    let token = file.as_ref().and_then(AddressFile::token).unwrap_or_else(|| Token::random(root));
    let site = Site::new(
        *clients,
        Gate::new(http, token),
        page(options)?,
        web::Limits::default(),
        async move |me: AnyNode, query: &Query| answer(me, &resolver, query, terminal).await,
        (Udp, relays),
        move |line| terminal.tell(line),
    );
    let page = site.address();
    if let Some(file) = file {
        file.write(&page)?;
    }
    listener.reparent(site.node())?;
    let web = site.node();
    Server { site, listener, terminal }.start();

    stop_on_signals(root, clients, terminal)?;
    report_on_signal(root, clients, web, terminal)?;
    terminal.say(Banner { options, address, http, page });
    Ok(())
}

type Upstreams = (Vec<Upstream<SocketAddr>>, Vec<Relay<SocketAddr>>);

/// Those whom the resolver asks, and those whom the page can ask and set.
fn upstreams(root: AnyNode, options: &Options, terminal: Terminal) -> Result<Upstreams, Box<dyn Error>> {
    if !options.upstreams.is_empty() {
        let upstreams = options.upstreams.iter().map(|peer| Upstream::new(peer.to_string(), *peer)).collect();
        return Ok((upstreams, Vec::new()));
    }
    let zone = root.insert(Zone::example_test()).named("upstreams");
    let started: Result<Vec<BuiltIn>, _> = BUILT_IN.into_iter().map(|manners| BuiltIn::start(manners, zone, terminal)).collect();
    let pairs = started?.into_iter().map(|BuiltIn { manners, upstream }| {
        let peer = upstream.peer;
        (upstream, Relay { manners, peer })
    });
    Ok(pairs.unzip())
}

/// Not there when it was asked for is an error; otherwise there are words in its place.
fn page(options: &Options) -> Result<Page, NoPage> {
    match &options.page {
        Some(directory) if directory.is_dir() => Ok(Page::directory(directory)),
        Some(directory) => Err(NoPage(directory.display().to_string())),
        None if Path::new(PAGE).is_dir() => Ok(Page::directory(PAGE)),
        None => Ok(Page::not_built()),
    }
}

async fn answer<C: Connect + 'static>(me: AnyNode, resolver: &Resolver<C>, query: &Query, terminal: Terminal) -> Option<Vec<u8>> {
    let Query { head, question } = query;
    let began = me.now();
    let resolved = resolver.resolve(me, question).await;
    let ms = (me.now() - began).as_millis();
    match resolved {
        Ok(answer) => {
            terminal.tell(format_args!("{question}: {} after {ms} ms; {}", answer.rcode(), answer.way()));
            Some(answer.compose(head, question))
        }
        Err(error) => {
            terminal.tell(format_args!("{question}: SERVFAIL after {ms} ms; {error}"));
            Some(Reply::code(OptRcode::SERVFAIL).compose(head, Some(question)))
        }
    }
}

/// Each question in flight has a socket, and so has each connection of the page; the usual soft limit of 1,024 files would be fewer than we take in. Without leave for more, the
/// questions over it fail over and end as SERVFAIL.
fn allow_open_files() {
    let web = web::Limits::default();
    let wanted = (IN_FLIGHT_MAX + web.connections + web.lingering + web.queries) as u64 + OTHER_FILES;
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

/// There is no such directory.
#[derive(Debug)]
struct NoPage(String);

impl fmt::Display for NoPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot serve the page in {}: there is no such directory; `cargo xtask demo` builds it", self.0)
    }
}

impl Error for NoPage {}
