use std::time::Duration;

/// What watching over bots may cost.
#[derive(Clone, Debug)]
pub struct HealthConfig {
    /// Inspections that the sweep makes in a second at most. An inspection is two calls.
    pub sweep_per_second: u32,
    /// How long a round of the sweep takes where the rate leaves time: two looks at one bot are up to half as much more apart.
    pub sweep_round: Duration,
    /// Bots with a dead token that are probed in an hour, all together.
    pub probes_per_hour: u32,
    /// Inspections under way at once. The sweep takes half of them at most.
    pub at_once: usize,
    /// Connections whose habits are remembered: some 44 bytes each.
    pub habits: usize,
    /// How long somebody who asks for a diagnosis waits for Telegram.
    pub deadline: Duration,
    /// How long changes are kept.
    pub keep_changes: Duration,
    /// Whether to look at our own name and certificate from here. Not with a Bot API server of one's own, which may see other
    /// names than we do.
    pub looks_at_endpoint: bool,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            sweep_per_second: 30,
            sweep_round: Duration::from_secs(40 * 60),
            probes_per_hour: 60,
            at_once: 32,
            habits: 100_000,
            deadline: Duration::from_secs(10),
            keep_changes: Duration::from_secs(90 * 24 * 3_600),
            looks_at_endpoint: true,
        }
    }
}
