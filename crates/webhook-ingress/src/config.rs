use std::time::Duration;

/// How much of a request is taken in. The defaults suit what Telegram sends (`docs/TELEGRAM.md`: Webhook requests): its updates are at
/// most 512 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngressConfig {
    /// The longest body that is read.
    pub max_body_bytes: usize,
    /// How long a body may take to come, once its sender has proved to be Telegram.
    pub body_deadline: Duration,
    /// Memory for bodies that are being read, in all. What comes beyond is asked to come again.
    pub max_reading_bytes: usize,
}

impl Default for IngressConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 1 << 20,
            body_deadline: Duration::from_secs(15),
            max_reading_bytes: 64 << 20,
        }
    }
}
