/// A sealed secret did not open. It does not say why: a wrong key, a wrong context and a changed byte look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed secret does not open with these keys in this place")]
pub struct OpenError;
