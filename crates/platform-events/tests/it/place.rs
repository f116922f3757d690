//! One server's events over a database that outlives it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, Entropy, ManualClock};
use ids::{ConnectionId, EndpointId, KeyId, ProjectId};
use key_ring::{KeyRing, MasterKey};
use outbound_http::{FixedNames, OutboundConfig, OutboundHttp, Resolve, Resolving, Target};
use platform_events::{
    BotEvent, Config, Delivery, DeliveryFilter, Endpoint, EventType, EventTypes, NewEndpoint,
    NewEvent, PlatformEvents, SigningSecret,
};
use store::testing::on_every_database;
use store::{Database, Schema};
use token_vault::TokenVault;
use tokio::task::JoinHandle;

use crate::receiver::{HOST, How, Receiver};
use crate::waiting::happens;

pub(crate) struct Place {
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) events: PlatformEvents,
    pub(crate) hands: ManualClock,
    running: Option<JoinHandle<()>>,
    canary: Option<(EndpointId, Receiver)>,
    /// Held by each that works on the database, and by what each has under way.
    users: Arc<()>,
}

/// What may differ between servers.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) outbound: OutboundConfig,
    pub(crate) ring: KeyRing,
    pub(crate) seed: u64,
}

impl Default for Setup {
    fn default() -> Self {
        let names = [(HOST.to_owned(), vec![Ipv4Addr::LOCALHOST.into()])];
        Self {
            config: Config::default(),
            outbound: OutboundConfig {
                allow_private: true,
                names: Arc::new(FixedNames::new(names)),
                ..OutboundConfig::default()
            },
            ring: KeyRing::new(KeyId::new(1), MasterKey::from_bytes(&[7; 32])),
            seed: 7,
        }
    }
}

/// Runs a test on a fresh database of each kind, with a server that delivers.
pub(crate) async fn on_both(test: impl AsyncFn(Place)) {
    on_both_with(Setup::default, test).await;
}

pub(crate) async fn on_both_with(setup: impl Fn() -> Setup, test: impl AsyncFn(Place)) {
    on_both_idle_with(setup, async |mut place| {
        place.deliver();
        test(place).await;
    })
    .await;
}

/// The same, with nobody who delivers yet.
pub(crate) async fn on_both_idle(test: impl AsyncFn(Place)) {
    on_both_idle_with(Setup::default, test).await;
}

async fn on_both_idle_with(setup: impl Fn() -> Setup, test: impl AsyncFn(Place)) {
    on_every_database(Schema::Main, async |database| {
        let place = Place::idle(database.clone(), &setup());
        let users = Arc::clone(&place.users);
        test(place).await;
        is_let_alone(&database, &users).await;
    })
    .await;
}

/// Waits until nobody writes to a database any more, so that it can be removed.
async fn is_let_alone(database: &Database, users: &Arc<()>) {
    happens(async || Arc::strong_count(users) == 1).await;
    // What was cut off may hold rows until the server has noticed.
    for still in [
        "UPDATE event_endpoints SET updated_at_us = updated_at_us",
        "UPDATE event_deliveries SET attempts = attempts",
    ] {
        let mut link = database.connect().await.unwrap();
        link.run(diesel::sql_query(still)).await.unwrap();
    }
}

impl Place {
    pub(crate) fn idle(database: Database, setup: &Setup) -> Self {
        let (clock, hands) = Clock::manual();
        let users = Arc::default();
        Self {
            events: events(&database, &clock, setup, &users),
            clock,
            database,
            hands,
            running: None,
            canary: None,
            users,
        }
    }

    pub(crate) fn deliver(&mut self) {
        let events = self.events.clone();
        self.running = Some(tokio::spawn(async move { events.run().await }));
    }

    /// Ends without a farewell. Nothing of it is left in memory.
    pub(crate) async fn end(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            assert!(running.await.unwrap_err().is_cancelled());
        }
    }

    /// Begins anew over the same database.
    pub(crate) async fn begin(&mut self, setup: &Setup) {
        self.end().await;
        self.events = events(&self.database, &self.clock, setup, &self.users);
        self.deliver();
    }

    /// An endpoint that hears of what was connected and of how bots work.
    pub(crate) async fn endpoint(&self, url: Target) -> (Endpoint, SigningSecret) {
        let types = [EventType::BotConnected, EventType::BotStatusChanged];
        let types = EventTypes::Only(types.into());
        self.endpoint_of(url, types).await
    }

    pub(crate) async fn endpoint_of(
        &self,
        url: Target,
        types: EventTypes,
    ) -> (Endpoint, SigningSecret) {
        let new = NewEndpoint {
            url,
            description: "billing".into(),
            types,
        };
        self.events.endpoint_create(&new).await.unwrap()
    }

    /// Publishes, as those who change something do.
    pub(crate) async fn publish(&self, events: &[NewEvent]) {
        let mut link = self.database.connect().await.unwrap();
        let done: store::Result<()> = link
            .transaction(async |link| {
                for event in events {
                    self.events.append(link, event).await?;
                }
                Ok(())
            })
            .await;
        done.unwrap();
        self.events.wake();
    }

    /// Publishes that a project's bot was connected.
    pub(crate) async fn connected(&self, project: &str) {
        self.publish(&[connected(project)]).await;
    }

    pub(crate) async fn shown(&self, id: &EndpointId) -> Endpoint {
        self.events.endpoint(id).await.unwrap().unwrap()
    }

    /// All deliveries to an endpoint, the oldest first.
    pub(crate) async fn deliveries(&self, endpoint: &EndpointId) -> Vec<Delivery> {
        let filter = DeliveryFilter {
            endpoint: Some(endpoint.clone()),
            state: None,
        };
        let listed = self.events.deliveries_list(&filter, None, 1_000);
        let mut deliveries = listed.await.unwrap();
        deliveries.reverse();
        deliveries
    }

    /// Waits until the one delivery to an endpoint was tried so often, and what came of it is written.
    pub(crate) async fn tried(&self, endpoint: &EndpointId, attempts: u32) -> Delivery {
        happens(async || self.deliveries(endpoint).await[0].attempts >= attempts).await;
        let mut deliveries = self.deliveries(endpoint).await;
        assert_eq!(deliveries.len(), 1);
        let delivery = deliveries.remove(0);
        assert_eq!(delivery.attempts, attempts);
        delivery
    }

    /// Waits until all there is to deliver to an endpoint was tried at least once, and what came of it is written.
    pub(crate) async fn all_tried(&self, endpoint: &EndpointId) -> Vec<Delivery> {
        happens(async || {
            let mut all = self.deliveries(endpoint).await.into_iter();
            all.all(|delivery| delivery.attempts > 0)
        })
        .await;
        self.deliveries(endpoint).await
    }

    /// Waits until whoever delivers has looked, at this time, at all that is there, and has done what there was to do without
    /// waiting. Two deliveries to an endpoint of its own show it: the second begins after all that the first look began.
    pub(crate) async fn looked(&mut self) {
        let (id, receiver) = match self.canary.take() {
            Some(canary) => canary,
            None => {
                let receiver = Receiver::start(How::Status(200)).await;
                let types = EventTypes::Only([EventType::BotDisconnected].into());
                let (endpoint, _) = self.endpoint_of(receiver.url(), types).await;
                (endpoint.id, receiver)
            }
        };
        for _ in 0..2 {
            self.publish(&[disconnected("canary")]).await;
            happens(async || {
                let mut all = self.deliveries(&id).await.into_iter();
                all.all(|delivery| delivery.settled_at.is_some())
            })
            .await;
        }
        self.canary = Some((id, receiver));
    }

    /// Turns the clock, and has whoever delivers look at it: by itself it might be about to sleep by what the clock showed before.
    pub(crate) fn turn(&self, span: Duration) {
        self.hands.advance(span);
        self.events.wake();
    }

    /// Turns the clock while nothing is under way, and waits until that was noticed.
    pub(crate) async fn pass(&mut self, span: Duration) {
        self.turn(span);
        self.looked().await;
    }

    /// Waits until whoever delivers sleeps, turns the clock to when it wants to wake, and answers how long that is. Nothing else may
    /// sleep on the clock.
    pub(crate) async fn wakes(&self) -> Duration {
        let slept = std::cell::Cell::new(Duration::ZERO);
        happens(async || {
            slept.set(self.hands.advance_to_next().unwrap_or_default());
            !slept.get().is_zero()
        })
        .await;
        slept.get()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}

pub(crate) fn events(
    database: &Database,
    clock: &Clock,
    setup: &Setup,
    users: &Arc<()>,
) -> PlatformEvents {
    let names = Names {
        names: Arc::clone(&setup.outbound.names),
        _user: Arc::clone(users),
    };
    let outbound = OutboundConfig {
        names: Arc::new(names),
        ..setup.outbound.clone()
    };
    let entropy = Entropy::seeded(setup.seed);
    PlatformEvents::new(
        database.clone(),
        TokenVault::new(&setup.ring, entropy.clone()),
        OutboundHttp::new(outbound, clock.clone()).unwrap(),
        clock.clone(),
        entropy,
        setup.config.clone(),
    )
}

/// A setup's names; of what somebody works with, this is what can be counted from here.
struct Names {
    names: Arc<dyn Resolve>,
    _user: Arc<()>,
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        self.names.resolve(host)
    }
}

pub(crate) fn bot() -> ConnectionId {
    ConnectionId::from_parts(1_764_000_000_000, [9; 10])
}

pub(crate) fn project(name: &str) -> ProjectId {
    format!("prj_{name}").parse().unwrap()
}

pub(crate) fn connected(name: &str) -> NewEvent {
    NewEvent {
        project: project(name),
        what: BotEvent::Connected {
            bot: bot(),
            name: "helper_bot".into(),
            url: "https://t.me/helper_bot".into(),
        },
    }
}

pub(crate) fn disconnected(name: &str) -> NewEvent {
    NewEvent {
        project: project(name),
        what: BotEvent::Disconnected { bot: bot() },
    }
}

pub(crate) const DAY: Duration = Duration::from_secs(24 * 3_600);
pub(crate) const MICROSECOND: Duration = Duration::from_micros(1);
