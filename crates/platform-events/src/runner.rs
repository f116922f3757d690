//! Who is called when.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clock::Timestamp;
use ids::EndpointId;
use store::Connection as Link;
use tokio::task::{Id, JoinError, JoinSet};

use crate::attempt::attempt;
use crate::due::{self, Due};
use crate::platform_events::{Inner, PlatformEvents};

impl PlatformEvents {
    /// Delivers for ever; dropping the future stops it. What is under way then is sent again by the next one: an event comes at least
    /// once, and its id says whether it came before. A second call waits until the first has ended.
    ///
    /// Needs tokio's multi-threaded runtime, as the database does.
    pub async fn run(&self) {
        let _alone = self.0.delivering.lock().await;
        Runner::new(Arc::clone(&self.0)).run().await;
    }
}

struct Runner {
    inner: Arc<Inner>,
    tasks: JoinSet<()>,
    /// What is under way. Everything else waits in the database.
    flights: HashMap<Id, Due>,
    /// Looks in a row that failed.
    failures: u32,
}

impl Runner {
    fn new(inner: Arc<Inner>) -> Self {
        Self {
            inner,
            tasks: JoinSet::new(),
            flights: HashMap::new(),
            failures: 0,
        }
    }

    async fn run(mut self) {
        loop {
            let pause = self.look().await;
            tokio::select! {
                () = self.inner.woken.notified() => {}
                Some(landed) = self.tasks.join_next_with_id() => self.land(landed),
                () = self.inner.clock.sleep(pause) => {}
            }
            while let Some(landed) = self.tasks.try_join_next_with_id() {
                self.land(landed);
            }
        }
    }

    /// Starts what can be started; answers when to look again if nothing happens until then.
    async fn look(&mut self) -> Duration {
        match self.start_all().await {
            Ok(next) => {
                self.failures = 0;
                next.since(self.inner.clock.now()).min(LONGEST)
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures.is_power_of_two() {
                    let times = self.failures;
                    tracing::warn!(
                        error = &error as &dyn Error,
                        times,
                        "deliveries could not be looked up"
                    );
                }
                AGAIN
            }
        }
    }

    /// Answers when the first delivery is due that is not yet.
    async fn start_all(&mut self) -> store::Result<Timestamp> {
        let inner = Arc::clone(&self.inner);
        let mut link = inner.database.connect().await?;
        let endpoints = due::endpoints_on(&mut link).await?;
        let share =
            share(inner.config.at_once, endpoints.len()).min(inner.config.at_once_per_endpoint);
        let mut next = inner.clock.now() + LONGEST;
        for endpoint in &endpoints {
            if let Some(due) = self.start(&mut link, endpoint, share.max(1)).await? {
                next = next.min(due);
            }
        }
        Ok(next)
    }

    /// Starts what is due to one endpoint, in order, as far as it has places. Answers when its next one is due, unless something that
    /// is under way has to end before.
    ///
    /// What happened to one project is told in order: whoever hears of the second has answered to the first. No other project waits
    /// for that.
    async fn start(
        &mut self,
        link: &mut Link,
        endpoint: &EndpointId,
        share: usize,
    ) -> store::Result<Option<Timestamp>> {
        while self.flying_to(endpoint).count() < share && !self.is_full() {
            let flying = self.flying_to(endpoint);
            let projects = flying.map(|flight| flight.project_id.clone()).collect();
            let Some(due) = due::first(link, endpoint, projects).await? else {
                break;
            };
            let not_before = due.not_before();
            if not_before > self.inner.clock.now() {
                return Ok(Some(not_before));
            }
            self.launch(due);
        }
        Ok(None)
    }

    fn launch(&mut self, due: Due) {
        let (inner, flight) = (Arc::clone(&self.inner), due.clone());
        let task = self
            .tasks
            .spawn(async move { attempt(&inner, &flight).await });
        self.flights.insert(task.id(), due);
    }

    fn land(&mut self, landed: Result<(Id, ()), JoinError>) {
        match landed {
            Ok((id, ())) => drop(self.flights.remove(&id)),
            // Its place stays taken, so that it is not tried again for ever.
            Err(error) => tracing::error!(error = &error as &dyn Error, "a delivery panicked"),
        }
    }

    fn flying_to<'a>(&'a self, endpoint: &'a EndpointId) -> impl Iterator<Item = &'a Due> {
        let to = move |flight: &&Due| flight.endpoint_id == *endpoint;
        self.flights.values().filter(to)
    }

    fn is_full(&self) -> bool {
        self.flights.len() >= self.inner.config.at_once
    }
}

/// An even share, at least one.
fn share(places: usize, among: usize) -> usize {
    (places / among.max(1)).max(1)
}

/// Between looks when nothing is due and nobody says that something is.
const LONGEST: Duration = Duration::from_secs(60);
/// After a look that failed.
const AGAIN: Duration = Duration::from_secs(1);
