//! The client: turns, attempts and pauses around one HTTP exchange.

mod body;
mod config;
mod connector;
mod exchange;
mod multipart;
mod offset;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clock::{Clock, Entropy};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

pub use self::config::{ApiRoot, ClientConfig, InvalidApiRoot};
use self::exchange::Exchange;
pub use self::offset::ClockOffset;
use crate::answer::Answer;
use crate::retry::{self, Repetition};
use crate::throttle::Throttle;
use crate::{BotToken, Call, Error, Method, Throttler};

/// Calls the Bot API, for as many bots as there are: one pool of connections, one set of limits. Cheap to clone.
///
/// It must be used inside a tokio runtime with its I/O enabled, and with its timers where the clock is the system's.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// The longest pause before a repetition; none when what fails is the caller's at once.
    longest_pause: Option<Duration>,
}

struct Shared {
    exchange: Exchange,
    clock: Clock,
    entropy: Entropy,
    throttle: Option<Throttle>,
    places: Semaphore,
    attempts: u32,
    deadline: Duration,
    upload_deadline: Duration,
}

impl Client {
    /// A client; no connection is made yet.
    ///
    /// # Errors
    /// [`Error::Tls`] when the TLS library cannot be set up.
    pub fn new(config: ClientConfig, clock: Clock, entropy: Entropy) -> Result<Self, Error> {
        let shared = Shared {
            exchange: Exchange::new(&config, clock.clone(), entropy.clone())?,
            clock,
            entropy,
            throttle: config.limits.map(Throttle::new),
            places: Semaphore::new(config.max_requests.clamp(1, Semaphore::MAX_PERMITS)),
            attempts: config.attempts,
            deadline: config.deadline,
            upload_deadline: config.upload_deadline,
        };
        Ok(Self {
            shared: Arc::new(shared),
            longest_pause: Some(Duration::MAX),
        })
    }

    /// The same client for somebody who looks after repetitions: each call is tried once, and whatever comes of it is answered, a
    /// wait that Telegram asks for too.
    #[must_use]
    pub fn once(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            longest_pause: None,
        }
    }

    /// The same client for somebody who can wait a little: a wait that Telegram asks for, and that is longer than this, is answered
    /// instead of slept through.
    #[must_use]
    pub fn waiting_at_most(&self, longest: Duration) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            longest_pause: Some(longest),
        }
    }

    /// Calls a method and reads its result.
    ///
    /// # Errors
    /// Whatever remains after the repetitions that are safe, see the crate's documentation.
    pub async fn send<M: Method>(&self, token: &BotToken, method: &M) -> Result<M::Output, Error> {
        let call = Call::of(method);
        Box::pin(self.shared.perform(token, &call, self.longest_pause)).await
    }

    /// Makes a call and gives Telegram's own `result`, unread.
    ///
    /// # Errors
    /// Whatever remains after the repetitions that are safe, see the crate's documentation.
    pub async fn call(&self, token: &BotToken, call: &Call) -> Result<Box<RawValue>, Error> {
        Box::pin(self.shared.perform(token, call, self.longest_pause)).await
    }

    /// How far our clock is from the Bot API server's, by the latest answer that said so; `None` before the first.
    #[must_use]
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.shared.exchange.clock_offset()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Shared {
    async fn perform<T: DeserializeOwned>(
        &self,
        token: &BotToken,
        call: &Call,
        longest_pause: Option<Duration>,
    ) -> Result<T, Error> {
        let name = call.method();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::MethodName);
        }
        let deadline = self.clock.elapsed().saturating_add(self.time_for(call));
        let mut failures = 0;
        loop {
            let error = match self.attempt(token, call, deadline).await {
                Ok(answer) => match answer.read(token) {
                    Ok(result) => return Ok(result),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let pause = self.pause(token, call, &error, &mut failures);
            let fits = |pause: &Duration| {
                longest_pause.is_some_and(|longest| *pause <= longest)
                    && self.clock.elapsed().saturating_add(*pause) < deadline
            };
            let Some(pause) = pause.filter(fits) else {
                return Err(error);
            };
            tracing::debug!(
                bot = token.bot_user_id(),
                method = name,
                code = error.code(),
                pause_ms = pause.as_millis() as u64,
                "a Bot API call will be repeated"
            );
            self.clock.sleep(pause).await;
        }
    }

    /// How long to wait before the next attempt; `None` when there is none.
    fn pause(
        &self,
        token: &BotToken,
        call: &Call,
        error: &Error,
        failures: &mut u32,
    ) -> Option<Duration> {
        match error {
            Error::Throttled {
                by: Throttler::OwnLimits,
                ..
            } => return None,
            Error::Throttled { retry_after, .. } => {
                if let Some(throttle) = &self.throttle {
                    let until = self.clock.elapsed().saturating_add(*retry_after);
                    throttle.park(token.bot_user_id(), call, until);
                }
            }
            _ => *failures += 1,
        }
        let pause = retry::pause(error, Repetition::of(call), *failures, &self.entropy);
        pause.filter(|_| *failures < self.attempts)
    }

    async fn attempt(
        &self,
        token: &BotToken,
        call: &Call,
        deadline: Duration,
    ) -> Result<Answer, Error> {
        self.wait_for_turn(token, call, deadline).await?;
        let unsent = Error::TimedOut { ambiguous: false };
        let Ok(place) = self
            .clock
            .timeout(self.left(deadline), self.places.acquire())
            .await
        else {
            return Err(unsent);
        };
        let answer = self.exchange.once(token, call, self.left(deadline)).await;
        drop(place);
        answer
    }

    async fn wait_for_turn(
        &self,
        token: &BotToken,
        call: &Call,
        deadline: Duration,
    ) -> Result<(), Error> {
        let Some(throttle) = &self.throttle else {
            return Ok(());
        };
        let bot = token.bot_user_id();
        loop {
            let now = self.clock.elapsed();
            let turn = throttle.take_turn(bot, call, now, deadline);
            let turn = turn.map_err(|turn| Error::Throttled {
                retry_after: turn - now,
                by: Throttler::OwnLimits,
            })?;
            if turn > now {
                self.clock.sleep(turn - now).await;
            }
            // While it slept Telegram may have asked for quiet; then a new turn is due.
            if !throttle.is_parked(bot, call, self.clock.elapsed()) {
                return Ok(());
            }
        }
    }

    fn time_for(&self, call: &Call) -> Duration {
        if call.uploads().is_empty() {
            self.deadline
        } else {
            self.upload_deadline
        }
    }

    fn left(&self, deadline: Duration) -> Duration {
        deadline.saturating_sub(self.clock.elapsed())
    }
}
