//! How a listener's connections learn that it is time to go.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Waker};

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::watch::Watch;

/// What is asked of connections, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Stage {
    Serving,
    /// To end when the request in flight is answered.
    Draining,
    /// To end now.
    Killed,
    /// To end now, to make room for another. Asked of one connection alone.
    Evicted,
}

/// Tells all connections of a listener.
#[derive(Clone)]
pub(crate) struct Ending(Arc<Told>);

struct Told {
    stage: AtomicU8,
    changed: Arc<Notify>,
}

impl Ending {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Told {
            stage: AtomicU8::new(Stage::Serving as u8),
            changed: Arc::default(),
        }))
    }

    pub(crate) fn tell(&self, stage: Stage) {
        self.0.stage.store(stage as u8, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    pub(crate) fn listen(&self, watch: Arc<Watch>) -> Ear {
        Ear {
            ending: self.clone(),
            watch,
            heard: None,
        }
    }

    fn stage(&self) -> Stage {
        match self.0.stage.load(Ordering::SeqCst) {
            0 => Stage::Serving,
            1 => Stage::Draining,
            _ => Stage::Killed,
        }
    }
}

/// One connection's: it looks at two numbers each time the connection is polled, and waits in the listener's list only once.
pub(crate) struct Ear {
    ending: Ending,
    watch: Arc<Watch>,
    heard: Option<(Waker, Stage, Pin<Box<OwnedNotified>>)>,
}

impl Ear {
    /// What is asked now. Who polls is woken when it is more.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Stage {
        let stage = self.stage();
        if let Some((waker, heard, _)) = &self.heard
            && *heard == stage
            && waker.will_wake(context.waker())
        {
            return stage;
        }
        let mut changed = Box::pin(Arc::clone(&self.ending.0.changed).notified_owned());
        let _ = changed.as_mut().poll(context);
        self.watch.standing.wakes(context.waker());
        // Looked at only now: whatever is told later wakes.
        let stage = self.stage();
        self.heard = Some((context.waker().clone(), stage, changed));
        stage
    }

    fn stage(&self) -> Stage {
        if self.watch.standing.is_evicted() {
            Stage::Evicted
        } else {
            self.ending.stage()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use clock::Clock;

    use super::*;
    use crate::Limits;

    type Tell = fn(&Ending, &Watch);

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn whatever_is_told_wakes_the_task_that_polled_last() {
        let tells: [(Tell, Stage); 3] = [
            (|ending, _| ending.tell(Stage::Draining), Stage::Draining),
            (|ending, _| ending.tell(Stage::Killed), Stage::Killed),
            (|_, watch| assert!(watch.standing.evict()), Stage::Evicted),
        ];
        for (tell, stage) in tells {
            let ending = Ending::new();
            let watch = Arc::new(Watch::new(Clock::manual().0, Limits::default()));
            let mut ear = ending.listen(Arc::clone(&watch));
            let (first, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
            for woken in [&first, &last, &last] {
                let waker = Waker::from(Arc::clone(woken));
                let heard = ear.poll(&mut Context::from_waker(&waker));
                assert_eq!(heard, Stage::Serving);
            }
            tell(&ending, &watch);
            let count = |woken: &Woken| woken.0.load(Ordering::SeqCst);
            assert_eq!((count(&first), count(&last)), (0, 1), "{stage:?}");
            let waker = Waker::from(last);
            assert_eq!(ear.poll(&mut Context::from_waker(&waker)), stage);
        }
    }
}
