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
pub struct Observers {
    all: Vec<Observer>,
    only_news: bool,
}

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
        self.all.push(Box::new(observer));
        self
    }

    /// Shows them of a connection that is well (its requests are accepted, its updates are handled) one record a second, and one after
    /// any that says otherwise: a busy server is then observed for next to nothing.
    #[must_use]
    pub fn only_news(self) -> Self {
        Self {
            only_news: true,
            ..self
        }
    }

    pub(crate) fn want_only_news(&self) -> bool {
        self.only_news
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Observer> {
        self.all.iter()
    }
}

impl std::fmt::Debug for Observers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Observers").field(&self.all.len()).finish()
    }
}
