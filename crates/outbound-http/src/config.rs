//! What a caller decides: how long, how much, whom to trust, whether private networks are fine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;

use crate::names::{Resolve, SystemNames};

/// How [`OutboundHttp`](crate::OutboundHttp) behaves. The defaults are meant for addresses that strangers gave us.
#[derive(Clone)]
pub struct OutboundConfig {
    /// Whether plain `http` and addresses of private networks are reached, too: for development and for networks that
    /// one controls. `false`.
    pub allow_private: bool,
    /// For a whole exchange, from the look-up of the name to the last byte of the answer. 10 s.
    pub deadline: Duration,
    /// How much of an answer's body is kept, in bytes; the rest is not read. 64 KiB.
    pub answer_bytes: usize,
    /// Roots that are trusted beside Mozilla's. None.
    pub roots: Vec<CertificateDer<'static>>,
    /// Who looks names up. The operating system.
    pub names: Arc<dyn Resolve>,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow_private: false,
            deadline: Duration::from_secs(10),
            answer_bytes: 64 << 10,
            roots: Vec::new(),
            names: Arc::new(SystemNames::default()),
        }
    }
}

impl fmt::Debug for OutboundConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundConfig")
            .field("allow_private", &self.allow_private)
            .field("deadline", &self.deadline)
            .field("answer_bytes", &self.answer_bytes)
            .field("roots", &self.roots.len())
            .finish_non_exhaustive()
    }
}
