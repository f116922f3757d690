//! What a handler may return.

use telegram_bot_api::{Call, Method};

use crate::{Flow, StageError, StageOutcome};

/// What a handler may return: nothing, a [`Call`], any [`Method`], a [`Flow`], and options, lists, tuples and results of
/// these. Unless a [`Flow`] says otherwise the update is handled, and later stages do not see it.
///
/// `M` tells the implementations apart, so that every method can be returned as it is; it is always inferred.
pub trait IntoCalls<M> {
    /// The calls, or why there are none.
    ///
    /// # Errors
    /// [`StageError`] when the handler failed.
    fn into_calls(self) -> Result<StageOutcome, StageError>;
}

/// Names for the implementations of [`IntoCalls`]; nothing to use.
pub mod by {
    /// The type itself.
    #[derive(Debug)]
    pub enum Itself {}
    /// A method.
    #[derive(Debug)]
    pub enum Method {}
    /// Something around what `M` says.
    #[derive(Debug)]
    pub struct Around<M>(M);
}

impl IntoCalls<by::Itself> for () {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        Ok(StageOutcome::end(Vec::new()))
    }
}

impl IntoCalls<by::Itself> for Call {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        Ok(StageOutcome::end(vec![self]))
    }
}

impl IntoCalls<by::Itself> for StageOutcome {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        Ok(self)
    }
}

impl IntoCalls<by::Itself> for Flow {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        Ok(StageOutcome {
            calls: Vec::new(),
            flow: self,
            sessions: Vec::new(),
        })
    }
}

impl<T: Method> IntoCalls<by::Method> for T {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        Ok(StageOutcome::end(vec![self.into()]))
    }
}

impl<M, T: IntoCalls<M>> IntoCalls<by::Around<M>> for Option<T> {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        self.map_or_else(|| ().into_calls(), T::into_calls)
    }
}

impl<M, T: IntoCalls<M>> IntoCalls<by::Around<M>> for Vec<T> {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        let mut all = StageOutcome::end(Vec::new());
        for one in self {
            append(&mut all, one.into_calls()?);
        }
        Ok(all)
    }
}

impl<M, T: IntoCalls<M>, E: Into<StageError>> IntoCalls<by::Around<M>> for Result<T, E> {
    fn into_calls(self) -> Result<StageOutcome, StageError> {
        self.map_err(E::into)?.into_calls()
    }
}

macro_rules! tuples {
    ($(($($part:ident $mark:ident $value:ident)+))*) => {
        $(impl<$($mark, $part: IntoCalls<$mark>),+> IntoCalls<($($mark,)+)> for ($($part,)+) {
            fn into_calls(self) -> Result<StageOutcome, StageError> {
                let ($($value,)+) = self;
                let mut all = StageOutcome::end(Vec::new());
                $(append(&mut all, $value.into_calls()?);)+
                Ok(all)
            }
        })*
    };
}

tuples! {
    (A Ma a B Mb b)
    (A Ma a B Mb b C Mc c)
    (A Ma a B Mb b C Mc c D Md d)
    (A Ma a B Mb b C Mc c D Md d E Me e)
}

/// One part that lets the update go on is enough.
fn append(all: &mut StageOutcome, more: StageOutcome) {
    all.calls.extend(more.calls);
    all.sessions.extend(more.sessions);
    if more.flow == Flow::Continue {
        all.flow = Flow::Continue;
    }
}
