use std::time::Duration;

/// How events are delivered and how long they are kept. The schedule of retries is published and no setting.
#[derive(Clone, Debug)]
pub struct Config {
    /// Deliveries under way at once. When as many endpoints are on that each could not have its own number, they share
    /// these evenly, so that one that hangs takes no other's place. 32, twice as many as there can be endpoints.
    pub at_once: usize,
    /// Deliveries under way at once to one endpoint. Of one project's events never more than one is. 4.
    pub at_once_per_endpoint: usize,
    /// How long a delivery that was taken can be seen; and how long an event that nobody wanted. 7 days.
    pub keep_delivered: Duration,
    /// How long a dead delivery can be replayed; and how long what waits for an endpoint that is off goes on waiting. 30 days.
    pub keep_dead: Duration,
}

impl Default for Config {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3_600);
        Self {
            at_once: 32,
            at_once_per_endpoint: 4,
            keep_delivered: 7 * DAY,
            keep_dead: 30 * DAY,
        }
    }
}
