//! Files on their way to Telegram.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde::{Serialize, Serializer};

/// A file to send: bytes in memory, or a path whose content is read while it is sent. Cheap to clone.
///
/// Inside parameters it stands as `attach://` and a name of its own, so it may be nested anywhere; two uploads are equal
/// when they would send the same.
#[derive(Clone)]
pub struct Upload {
    attach: u64,
    file_name: Arc<str>,
    content_type: Option<Arc<str>>,
    content: Content,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Bytes(Bytes),
    File(Arc<Path>),
}

impl Upload {
    /// A file made of bytes in memory.
    #[must_use]
    pub fn bytes(file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(file_name.into(), Content::Bytes(bytes.into()))
    }

    /// A file on disk, opened and read when it is sent. Telegram sees the last part of the path as its name.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::new(file_name.into_owned(), Content::File(path.into()))
    }

    /// The same file under another name.
    #[must_use]
    pub fn named(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into().into();
        self
    }

    /// The same file with its media type, such as `image/png`. Telegram finds it out by itself when there is none.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into().into());
        self
    }

    /// The name that Telegram sees.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// What stands for this file in parameters.
    pub(crate) fn placeholder(&self) -> String {
        format!("attach://upload-{}", self.attach)
    }

    pub(crate) fn media_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    fn new(file_name: String, content: Content) -> Self {
        // Unique in the process is enough: the names of two uploads meet only inside one call.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            attach: NEXT.fetch_add(1, Ordering::Relaxed),
            file_name: file_name.into(),
            content_type: None,
            content,
        }
    }
}

impl Serialize for Upload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("attach://upload-{}", self.attach))
    }
}

impl PartialEq for Upload {
    fn eq(&self, other: &Self) -> bool {
        self.file_name == other.file_name
            && self.content_type == other.content_type
            && self.content == other.content
    }
}

impl Eq for Upload {}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut upload = f.debug_struct("Upload");
        upload.field("file_name", &self.file_name);
        if let Content::Bytes(bytes) = &self.content {
            upload.field("bytes", &bytes.len());
        }
        upload.finish_non_exhaustive()
    }
}

/// A file as a parameter: one that Telegram has, one that it shall fetch, or one that we send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum InputFile {
    /// A file that Telegram knows, by its `file_id`.
    Id(String),
    /// An address from which Telegram fetches the file.
    Url(String),
    /// A file sent along with the call.
    Upload(Upload),
}

impl InputFile {
    /// A file that Telegram knows, by its `file_id`.
    #[must_use]
    pub fn id(file_id: impl Into<String>) -> Self {
        Self::Id(file_id.into())
    }

    /// An address from which Telegram fetches the file: 5 MB for photos and 20 MB for others at most.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// The file to send along, if this is one.
    #[must_use]
    pub fn upload(&self) -> Option<&Upload> {
        match self {
            Self::Upload(upload) => Some(upload),
            Self::Id(_) | Self::Url(_) => None,
        }
    }
}

impl From<Upload> for InputFile {
    fn from(upload: Upload) -> Self {
        Self::Upload(upload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_stands_in_parameters_under_a_name_of_its_own() {
        let first = Upload::bytes("a.txt", "one");
        let second = Upload::bytes("a.txt", "one");
        let json = |upload: &Upload| serde_json::to_string(upload).unwrap();
        assert_eq!(json(&first), format!("\"{}\"", first.placeholder()));
        assert_ne!(json(&first), json(&second));
        assert_eq!(json(&first), json(&first.clone()));
        assert_eq!(first, second);
        assert_ne!(first, second.content_type("text/plain"));
    }

    #[test]
    fn a_path_gives_the_name_unless_another_is_given() {
        let upload = Upload::file("/srv/pictures/cat.png");
        assert_eq!(upload.file_name(), "cat.png");
        assert_eq!(upload.named("dog.png").file_name(), "dog.png");
    }

    #[test]
    fn debug_prints_no_content() {
        let text = format!("{:?}", Upload::bytes("a.txt", "very private"));
        assert!(text.contains("12") && !text.contains("private"), "{text}");
    }
}
