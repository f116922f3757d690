//! Every call there is, by what it is about.

use ids::{EndpointId, KeyId};
use platform_events::DeliveryNumber;
use update_dispatcher::Seq;

/// A call about a project's bot: below `/v1/projects/{project}/bot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BotCall {
    /// `POST …/diagnosis`
    Diagnose,
    /// `DELETE …`
    Disconnect,
    /// `GET …/health-changes`
    HealthChanges,
    /// `POST …/pause`
    Hold,
    /// `PUT …`
    PutToken,
    /// `POST …/reconnect`
    Reconnect,
    /// `POST …/resume`
    Release,
    /// `GET …`
    Show,
}

/// A call about updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UpdatesCall {
    /// `DELETE /v1/updates/{number}`
    Discard(Seq),
    /// `GET /v1/updates`
    List,
    /// `POST /v1/updates/{number}/replay`
    Replay(Seq),
    /// `POST /v1/updates/replay`
    ReplayAll,
    /// `GET /v1/updates/running`
    Running,
    /// `GET /v1/updates/{number}`
    Show(Seq),
}

/// A call about who hears of events, and what became of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventsCall {
    /// `POST /v1/webhook-endpoints`
    Create,
    /// `GET /v1/webhook-endpoints`
    List,
    /// `/v1/webhook-endpoints/{id}` and below.
    One(EndpointId, EndpointCall),
    /// `POST /v1/event-deliveries/{number}/replay`
    Replay(DeliveryNumber),
}

/// What is done with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndpointCall {
    /// `PATCH …`
    Change,
    /// `DELETE …`
    Delete,
    /// `GET …/deliveries`
    Deliveries,
    /// `POST …/disable`
    Disable,
    /// `POST …/enable`
    Enable,
    /// `POST …/rotate-secret`
    RotateSecret,
    /// `GET …`
    Show,
    /// `POST …/test`
    Test,
}

/// A call about master keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeysCall {
    /// `POST /v1/keys/add`
    Add,
    /// `POST /v1/keys/{id}/promote`
    Promote(KeyId),
    /// `POST /v1/keys/reload`
    Reload,
    /// `POST /v1/keys/{id}/retire`
    Retire(KeyId),
    /// `POST /v1/keys/rewrap`
    Rewrap,
    /// `GET /v1/keys`
    Status,
}
