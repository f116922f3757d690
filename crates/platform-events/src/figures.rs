use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::error::Result;
use crate::platform_events::PlatformEvents;
use crate::schema::{event_deliveries, event_endpoints};
use crate::state::{DeliveryState, EndpointState};

/// What was delivered since this process began, and what is so now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Attempts that were not, trials apart.
    pub failed_attempts: u64,
    /// Deliveries that were given up.
    pub dead: u64,
    /// Deliveries that wait now, for their time or for their endpoint to be turned on.
    pub waiting: u64,
    /// Endpoints that are disabled now because deliveries failed.
    pub endpoints_disabled: u64,
}

impl PlatformEvents {
    /// What there is to count. The database is asked for what waits and for what is disabled.
    ///
    /// # Errors
    /// [`Error::Store`](crate::Error::Store).
    pub async fn figures(&self) -> Result<Figures> {
        let waiting = event_deliveries::table
            .filter(event_deliveries::state.eq(DeliveryState::Waiting))
            .select(count_star());
        let disabled = event_endpoints::table
            .filter(event_endpoints::state.eq(EndpointState::Disabled))
            .select(count_star());
        let mut link = self.0.database.connect().await?;
        let waiting: i64 = link.fetch_one(waiting).await?;
        let disabled: i64 = link.fetch_one(disabled).await?;
        let counted = self.0.counters.read();
        Ok(Figures {
            delivered: counted.delivered,
            failed_attempts: counted.failed_attempts,
            dead: counted.dead,
            waiting: waiting.unsigned_abs(),
            endpoints_disabled: disabled.unsigned_abs(),
        })
    }
}
