use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use clock::Clock;
use http_body::Body;

use crate::error::BodyFault;

/// Reads a whole body of at most `limit_bytes`, in at most `within`.
///
/// A length that the sender claims is only believed to refuse it, or up to 16 KiB; beyond, memory grows with what has
/// come. The bytes are copied out of the connection's buffer, so they hold no more memory than themselves.
///
/// # Errors
/// [`BodyFault::TooLarge`] as soon as it is known, before anything is read where the length was claimed;
/// [`BodyFault::TimedOut`] after `within`; [`BodyFault::Cut`] for every other failure.
pub async fn read_body<B>(
    body: B,
    limit_bytes: usize,
    clock: &Clock,
    within: Duration,
) -> Result<Bytes, BodyFault>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    clock
        .timeout(within, collect(body, limit_bytes))
        .await
        .unwrap_or(Err(BodyFault::TimedOut))
}

/// How much of a claimed length is believed.
const TRUSTED_BYTES: usize = 16 * 1_024;

async fn collect<B>(body: B, limit_bytes: usize) -> Result<Bytes, BodyFault>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let claimed = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if claimed > limit_bytes {
        return Err(BodyFault::TooLarge);
    }
    let mut whole = Vec::with_capacity(claimed.min(TRUSTED_BYTES));
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        // Trailers are nobody's concern.
        if let Ok(piece) = frame.map_err(fault)?.into_data() {
            if piece.len() > limit_bytes - whole.len() {
                return Err(BodyFault::TooLarge);
            }
            whole.extend_from_slice(&piece);
        }
    }
    Ok(whole.into())
}

fn fault(error: impl Into<Box<dyn Error + Send + Sync>>) -> BodyFault {
    error
        .into()
        .downcast_ref::<BodyFault>()
        .copied()
        .unwrap_or(BodyFault::Cut)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::{Frame, SizeHint};

    use super::*;

    struct Pieces {
        claimed: u64,
        pieces: VecDeque<Bytes>,
        ends: bool,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.pieces.pop_front() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None if self.ends => Poll::Ready(None),
                None => Poll::Pending,
            }
        }

        fn size_hint(&self) -> SizeHint {
            let mut hint = SizeHint::new();
            hint.set_lower(self.claimed);
            hint
        }
    }

    fn pieces(claimed: u64, pieces: &[&'static str]) -> Pieces {
        Pieces {
            claimed,
            pieces: pieces
                .iter()
                .map(|text| Bytes::from_static(text.as_bytes()))
                .collect(),
            ends: true,
        }
    }

    #[tokio::test]
    async fn pieces_are_joined_up_to_the_limit_and_not_beyond() {
        let (clock, _hands) = Clock::manual();
        let read = async |body| read_body(body, 6, &clock, Duration::from_secs(1)).await;
        assert_eq!(
            read(pieces(0, &["abc", "", "def"])).await.unwrap(),
            "abcdef"
        );
        assert_eq!(read(pieces(6, &["abcdef"])).await.unwrap(), "abcdef");
        assert_eq!(read(pieces(0, &[])).await.unwrap(), "");
        let too_much = read(pieces(0, &["abc", "defg"])).await;
        assert_eq!(too_much, Err(BodyFault::TooLarge));
        let claims_too_much = read(pieces(u64::MAX, &["a"])).await;
        assert_eq!(claims_too_much, Err(BodyFault::TooLarge));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let (clock, hands) = Clock::manual();
        let body = Pieces {
            ends: false,
            ..pieces(0, &["abc"])
        };
        let read =
            tokio::spawn(async move { read_body(body, 6, &clock, Duration::from_secs(15)).await });
        hands.sleepers(1).await;
        hands.advance(Duration::from_secs(15));
        assert_eq!(read.await.unwrap(), Err(BodyFault::TimedOut));
    }
}
