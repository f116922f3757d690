use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clock::{Clock, Entropy};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio_util::sync::CancellationToken;

use crate::control::handle::Control;
use crate::error::Error;
use crate::failures::Failures;
use crate::faults::Faults;
use crate::ids::BotId;
use crate::instances::Instances;
use crate::ledger::Ledger;
use crate::resolve::{Resolution, ResolveTable};
use crate::server;
use crate::webhook::sender;
use crate::world::{Shared, World};

/// How a simulator is started.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Where to listen. Keep it on loopback: whoever can reach it can do everything.
    pub listen: SocketAddr,
    /// The time that drives retries, expiry and limits.
    pub clock: Clock,
    /// Where tokens, update ids and jitter come from.
    pub entropy: Entropy,
    /// The hosts that can be resolved from the start.
    pub resolve: Vec<(String, Resolution)>,
    /// Whether a malformed token gets the 404 of api.telegram.org; else the open-source server's own texts.
    pub front_end: bool,
}

impl SimulatorConfig {
    /// On a free port of 127.0.0.1, with nothing to resolve, as api.telegram.org answers.
    #[must_use]
    pub fn new(clock: Clock, entropy: Entropy) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock,
            entropy,
            resolve: Vec::new(),
            front_end: true,
        }
    }
}

/// A simulated Telegram. It ends when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    control: Control,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Simulator {
    /// Starts to listen, on the runtime that calls it.
    ///
    /// # Errors
    /// [`Error::Listen`]; [`Error::TlsNotSupported`] for a resolution with TLS.
    pub async fn start(config: SimulatorConfig) -> Result<Self, Error> {
        let SimulatorConfig {
            listen,
            clock,
            entropy,
            resolve,
            front_end,
        } = config;
        let listener = server::bind(listen).await?;
        let rivals = server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let local = |listener: &tokio::net::TcpListener| {
            listener.local_addr().map_err(|source| Error::Listen {
                address: listen,
                source,
            })
        };
        let (address, rival) = (local(&listener)?, local(&rivals)?);
        let stop = CancellationToken::new();
        let (started, webhooks) = mpsc::unbounded_channel();
        let world = new_world(clock, entropy, started, stop.clone());
        let control = Control {
            shared: Arc::new(Shared::new(world)),
            rival,
        };
        for (host, resolution) in resolve {
            control.resolve(&host, resolution)?;
        }
        let tasks = run(listener, rivals, control.clone(), front_end, webhooks);
        let ended = stop.clone();
        tokio::spawn(async move { ended.run_until_cancelled(tasks).await });
        Ok(Self {
            control,
            address,
            stop,
        })
    }

    /// Where the Bot API is: `http://127.0.0.1:<port>`, the root before `/bot<token>/<method>`.
    #[must_use]
    pub fn api_root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The socket it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The handle to everything in it.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn run(
    listener: tokio::net::TcpListener,
    rivals: tokio::net::TcpListener,
    control: Control,
    front_end: bool,
    webhooks: UnboundedReceiver<BotId>,
) {
    let shared = Arc::clone(&control.shared);
    tokio::join!(
        server::serve(listener, control, front_end),
        server::swallow(rivals),
        send(shared, webhooks),
    );
}

/// Gives each webhook that is set its sender.
async fn send(shared: Arc<Shared>, mut webhooks: UnboundedReceiver<BotId>) {
    while let Some(bot) = webhooks.recv().await {
        // It ends with its webhook, whose end is a child of the simulator's own.
        tokio::spawn(sender::run(Arc::clone(&shared), bot));
    }
}

fn new_world(
    clock: Clock,
    entropy: Entropy,
    started: mpsc::UnboundedSender<BotId>,
    stop: CancellationToken,
) -> World {
    World {
        clock,
        entropy,
        bots: BTreeMap::new(),
        dialogs: HashMap::new(),
        users: BTreeMap::new(),
        queries: HashMap::new(),
        files: HashMap::new(),
        resolve: ResolveTable::default(),
        failures: Failures::default(),
        faults: Faults::default(),
        instances: Instances::default(),
        ahead_seconds: 0,
        answers: HashMap::new(),
        ledger: Ledger::default(),
        started,
        stop,
        last_number: 0,
        pollers: HashMap::new(),
    }
}
