use std::path::PathBuf;

use ids::KeyId;

/// What this crate answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a key ring could not be read, written or changed. It never repeats what stood in the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line of the file is not as it must be.
    #[error("line {line} of the key file: {fault}; {fix}", fix = fault.fix())]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        fault: LineFault,
    },
    /// The file names no key that new secrets are made with.
    #[error("the key file has no primary key; give one of its keys the state `primary`")]
    NoPrimary,
    /// The file is far longer than a key file.
    #[error("{path} is larger than 64 KiB, so it is not a key file; name the right file")]
    TooLarge {
        /// Where the file is.
        path: PathBuf,
    },
    /// The file may be read or written by others than its owner.
    #[error(
        "{path} holds master keys, but other users of this machine may open it (mode {mode:03o}); \
         run `chmod 600 {path}`"
    )]
    OpenToOthers {
        /// Where the file is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a file already, and it is never overwritten.
    #[error("{path} exists already and was left as it is; load it, or name another path")]
    Exists {
        /// Where the file is.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("the key file {path} could not be {action}")]
    File {
        /// Where the file is, or should be.
        path: PathBuf,
        /// What was being done to it: "read", "written".
        action: &'static str,
        /// The file system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The ring has no key of this id.
    #[error("the key ring has no key {0}; `keys status` lists those it has")]
    Unknown(KeyId),
    /// The key was retired: its material is gone.
    #[error("key {0} is retired and its material is gone; add a new key instead")]
    Retired(KeyId),
    /// The key that new secrets are made with cannot be retired.
    #[error("key {0} is the primary key; promote another before it retires")]
    RetiresPrimary(KeyId),
    /// Key ids have run out.
    #[error("there is no key id left after 4294967295")]
    NoIdLeft,
    /// HKDF gives at most 8160 bytes for one label.
    #[error("more output was asked for than HKDF-SHA256 gives for one label (8160 bytes)")]
    OutputTooLong,
}

/// What is wrong with a line of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// The file does not begin with the line that names its format.
    #[error("this is not the header of a key file")]
    Header,
    /// A line has too few or too many words.
    #[error("a key's line has an id, a state and, unless it is retired, its key")]
    Words,
    /// The first word is no key id.
    #[error("the id is not a number from 1 to 4294967295")]
    Id,
    /// The id was on a line before.
    #[error("this id is on an earlier line too")]
    Repeated,
    /// The second word is no state.
    #[error("the state is none of `primary`, `open` and `retired`")]
    State,
    /// There was a primary key before.
    #[error("a second primary key")]
    SecondPrimary,
    /// The third word is no key.
    #[error("the key is not 32 bytes in base64url")]
    Key,
}

impl LineFault {
    fn fix(self) -> &'static str {
        match self {
            Self::Header => "the first line must be `memberpass-telegram-keys v1`",
            Self::Words => "write it like `2 open <key>`",
            Self::Id => "write it as digits, without leading zeros",
            Self::Repeated => "give each key an id of its own",
            Self::State => "use one of the three",
            Self::SecondPrimary => "give all but one the state `open`",
            Self::Key => "write exactly 43 characters of A-Z a-z 0-9 - _, as they were made",
        }
    }
}
