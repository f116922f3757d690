//! The body of a call with uploads: `multipart/form-data` (RFC 7578), made while it is sent.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use tokio::fs::File;
use tokio_util::io::poll_read_buf;

use crate::call::part_name;
use crate::upload::Content;
use crate::{Call, Error, Upload};

/// How much of a file is read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The parts that are still to be sent.
pub(super) struct Multipart {
    segments: VecDeque<Segment>,
    /// How many bytes are left in all, where every file's size is known.
    left: Option<u64>,
}

enum Segment {
    Bytes(Bytes),
    File(OpenFile),
}

struct OpenFile {
    name: Arc<str>,
    file: File,
    /// What was promised and not yet read; `None` for what has no size, such as a pipe.
    left: Option<u64>,
    buffer: BytesMut,
}

impl Multipart {
    /// Opens the files of a call and lays out its parts. The boundary must be one that no part contains.
    pub(super) async fn open(call: &Call, boundary: &str) -> Result<Self, Error> {
        let mut segments = VecDeque::new();
        let mut text = String::new();
        for (name, value) in call.params() {
            write_field(&mut text, boundary, name, value);
        }
        for (number, upload) in call.uploads().iter().enumerate() {
            write_file_head(&mut text, boundary, &part_name(number), upload);
            segments.push_back(Segment::Bytes(std::mem::take(&mut text).into()));
            segments.push_back(Segment::open(upload).await?);
            text.push_str("\r\n");
        }
        text.push_str(&format!("--{boundary}--\r\n"));
        segments.push_back(Segment::Bytes(text.into()));
        let left = segments.iter().map(Segment::length).sum();
        Ok(Self { segments, left })
    }

    /// How many bytes are left, if that is known.
    pub(super) fn left(&self) -> Option<u64> {
        self.left
    }

    /// The next bytes; none when all is sent.
    pub(super) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let chunk = match self.segments.front_mut() {
                None => return Poll::Ready(None),
                Some(Segment::Bytes(bytes)) => std::mem::take(bytes),
                Some(Segment::File(file)) => match ready!(file.poll_chunk(context)) {
                    Ok(chunk) => chunk,
                    Err(source) => {
                        let error = unreadable(&file.name, source);
                        self.segments.clear();
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            };
            if chunk.is_empty() {
                self.segments.pop_front();
                continue;
            }
            self.left = self
                .left
                .map(|left| left.saturating_sub(chunk.len() as u64));
            return Poll::Ready(Some(Ok(chunk)));
        }
    }
}

impl Segment {
    async fn open(upload: &Upload) -> Result<Self, Error> {
        match upload.content() {
            Content::Bytes(bytes) => Ok(Self::Bytes(bytes.clone())),
            Content::File(path) => {
                let opened = OpenFile::open(path, upload.file_name().into()).await;
                opened
                    .map(Self::File)
                    .map_err(|source| unreadable(upload.file_name(), source))
            }
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(file) => file.left,
        }
    }
}

impl OpenFile {
    async fn open(path: &std::path::Path, name: Arc<str>) -> io::Result<Self> {
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self {
            name,
            file,
            left: about.is_file().then_some(about.len()),
            buffer: BytesMut::new(),
        })
    }

    /// The next bytes of the file; empty at its end, or where its size said it ends.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if self.left == Some(0) {
            return Poll::Ready(Ok(Bytes::new()));
        }
        self.buffer.reserve(CHUNK_BYTES);
        let file = Pin::new(&mut self.file);
        let read = ready!(poll_read_buf(file, context, &mut self.buffer))?;
        let mut chunk = self.buffer.split().freeze();
        if let Some(left) = &mut self.left {
            if read == 0 {
                // Shorter than it was: what was promised cannot be kept.
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            // Longer than it was: the rest came too late.
            chunk.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= chunk.len() as u64;
        }
        Poll::Ready(Ok(chunk))
    }
}

fn unreadable(file_name: &str, source: io::Error) -> Error {
    let file_name = file_name.to_owned();
    Error::Upload { file_name, source }
}

fn write_field(text: &mut String, boundary: &str, name: &str, value: &Value) {
    let name = quotable(name);
    _ = write!(
        text,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n"
    );
    _ = match value {
        Value::String(value) => write!(text, "{value}\r\n"),
        value => write!(text, "{value}\r\n"),
    };
}

fn write_file_head(text: &mut String, boundary: &str, part: &str, upload: &Upload) {
    let name = quotable(upload.file_name());
    _ = write!(
        text,
        "--{boundary}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n"
    );
    let media_type = upload.media_type().unwrap_or("application/octet-stream");
    let media_type = media_type.replace(|c: char| !c.is_ascii_graphic() && c != ' ', "");
    _ = write!(text, "Content-Type: {media_type}\r\n\r\n");
}

/// A name as it may stand between quotes: as browsers write it (HTML standard: multipart form data).
fn quotable(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::future::poll_fn;

    use serde_json::Map;

    use super::*;

    /// Opens a file of 100,000 bytes for sending, gives it another size, and sends it.
    async fn resized(bytes: u64) -> Result<(u64, usize), Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        std::fs::write(&path, vec![b'x'; 100_000]).unwrap();
        let call = Call::new("sendDocument", Map::new()).attach(Upload::file(&path));
        let mut parts = Multipart::open(&call, "boundary").await.unwrap();
        let promised = parts.left().unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(bytes).unwrap();
        let mut sent = 0;
        while let Some(chunk) = poll_fn(|context| parts.poll_chunk(context)).await {
            sent += chunk?.len();
        }
        assert_eq!(parts.left(), Some(promised - sent as u64));
        Ok((promised, sent))
    }

    #[tokio::test]
    async fn a_file_that_grows_while_it_is_sent_is_sent_as_long_as_it_was() {
        for bytes in [100_000, 100_001, 300_000] {
            let (promised, sent) = resized(bytes).await.unwrap();
            assert_eq!(promised, sent as u64, "{bytes}");
        }
    }

    #[tokio::test]
    async fn a_file_that_shrinks_while_it_is_sent_breaks_off() {
        for bytes in [0, 99_999] {
            let error = resized(bytes).await.unwrap_err();
            let Error::Upload { file_name, source } = error else {
                panic!("{error:?}");
            };
            let kind = io::ErrorKind::UnexpectedEof;
            assert_eq!((file_name.as_str(), source.kind()), ("log.txt", kind));
        }
    }
}
