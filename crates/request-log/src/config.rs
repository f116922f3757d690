use std::time::Duration;

/// How much the log keeps, and how long it gathers before it writes.
#[derive(Clone, Debug)]
pub struct Config {
    /// Records that may wait to be written, of each sort. What comes beyond is only counted, by outcome.
    pub queue: usize,
    /// Records that make a segment: they are written at once when so many wait, of both sorts together.
    pub batch: usize,
    /// How long a record may wait for others to be written with.
    pub linger: Duration,
    /// Requests without proof of their origin that get a row each, per outcome, address prefix and minute. The rest of the
    /// minute is folded into one row with an exact count.
    pub full_per_prefix: u32,
    /// The same, per minute in all: many addresses together own no more of the disk than one.
    pub full_per_minute: u32,
    /// Address prefixes that are told apart in a minute; the others are folded together.
    pub prefixes: usize,
    /// Keep the prefix of every address only: /24 of IPv4, /48 of IPv6.
    pub truncate_addresses: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            queue: 16_384,
            batch: 4_096,
            linger: Duration::from_millis(250),
            full_per_prefix: 20,
            full_per_minute: 600,
            prefixes: 512,
            truncate_addresses: false,
        }
    }
}
