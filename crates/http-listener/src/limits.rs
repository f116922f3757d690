use std::time::Duration;

/// What one listener puts up with. The defaults suit Telegram's webhook sender, which gives a request 60 s and closes
/// an idle connection after 60 s (`docs/TELEGRAM.md`: Webhook requests).
#[derive(Clone, Debug)]
pub struct Limits {
    /// From a request's first byte (for a fresh connection: from its acceptance) to the end of its head.
    pub header_deadline: Duration,
    /// From the end of a request's head to the end of its body. A body that is late fails with
    /// [`BodyFault::TimedOut`](crate::BodyFault::TimedOut), so that the service can still answer.
    pub body_deadline: Duration,
    /// From a request's first byte to the head of its answer; then the connection is cut.
    pub request_deadline: Duration,
    /// How long a connection may stay open between two requests. Longer than the sender's own limit, or a request
    /// may be written just as we close.
    pub idle: Duration,
    /// The same as long as the service has answered none of the connection's requests with success (2xx): whoever was only
    /// refused does not hold a connection for long.
    pub idle_unproven: Duration,
    /// How long such a connection may last at all, from its acceptance. Past this it ends with its next answer, or at once when
    /// nothing of a request has come.
    pub lifetime_unproven: Duration,
    /// How many answers without success such a connection gets: it ends with the last of them.
    pub refusals_unproven: u32,
    /// How long the peer may take nothing of an answer that waits to be sent.
    pub write_stall: Duration,
    /// How long requests in flight may go on after the end was asked for.
    pub drain: Duration,
    /// Connections open at a time, in all. One more takes the place of the oldest that has not had an answer with success
    /// (2xx), and is closed at once where there is none. For the moment that closing takes, 128 more may be open.
    pub max_connections: usize,
    /// Connections open at a time from one IPv4 address or one IPv6 /64. Telegram sends for many bots from few
    /// addresses, and behind a proxy everything comes from one. One more takes a place of the same address.
    pub max_connections_per_address: usize,
    /// The size of a request's head, in bytes.
    pub max_header_bytes: usize,
    /// Headers in a request.
    pub max_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(15),
            request_deadline: Duration::from_secs(50),
            idle: Duration::from_secs(75),
            idle_unproven: Duration::from_secs(10),
            lifetime_unproven: Duration::from_secs(60),
            refusals_unproven: 1_000,
            write_stall: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            max_connections: 8_192,
            max_connections_per_address: 4_096,
            max_header_bytes: 8 * 1_024,
            max_headers: 64,
        }
    }
}
