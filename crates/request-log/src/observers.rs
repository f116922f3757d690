use crate::record::{RequestRecord, UpdateRecord};

/// A record, as it is shown to whoever observes the log.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// A request has ended.
    Request(&'a RequestRecord),
    /// It became known what became of an update.
    Update(&'a UpdateRecord),
}

/// Who is shown each record, a moment after it was recorded. See [`RequestLog::start_with`](crate::RequestLog::start_with).
#[derive(Default)]
pub struct Observers(Vec<Observer>);

type Observer = Box<dyn Fn(Seen<'_>) + Send>;

impl Observers {
    /// Nobody.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One more. It is called by the log's own thread, one record after the other, so it should not take long: what
    /// cannot wait meanwhile is not shown.
    #[must_use]
    pub fn with(mut self, observer: impl Fn(Seen<'_>) + Send + 'static) -> Self {
        self.0.push(Box::new(observer));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Observer> {
        self.0.iter()
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Observers").field(&self.0.len()).finish()
    }
}
