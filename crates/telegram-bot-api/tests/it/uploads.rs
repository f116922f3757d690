//! Files as they arrive.

use clock::{Clock, Entropy};
use serde_json::{Map, Value, json};
use telegram_bot_api::{Call, Client, ClientConfig, Error, Retry, Upload};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::server::{Reply, Seen, Stage, token};

/// The parts of a multipart body: the head's lines, and the content.
fn parts(seen: &Seen) -> Vec<(String, Vec<u8>)> {
    let content_type = seen.headers["content-type"].to_str().unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let (opening, closing) = (format!("--{boundary}\r\n"), format!("--{boundary}--\r\n"));
    let body = seen.body.strip_suffix(closing.as_bytes()).unwrap();
    let mut parts = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        rest = rest.strip_prefix(opening.as_bytes()).unwrap();
        let end = find(rest, opening.as_bytes()).unwrap_or(rest.len());
        let part = rest[..end].strip_suffix(b"\r\n").unwrap();
        let head = find(part, b"\r\n\r\n").unwrap();
        let text = String::from_utf8(part[..head].to_vec()).unwrap();
        parts.push((text, part[head + 4..].to_vec()));
        rest = &rest[end..];
    }
    parts
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn photo(upload: &Upload) -> Call {
    let params =
        json!({"chat_id": 7, "photo": upload, "caption": "Größe", "disable_notification": true});
    let params: Map<String, Value> = serde_json::from_value(params).unwrap();
    Call::new("sendPhoto", params).attach(upload.clone())
}

async fn sent(call: &Call) -> Seen {
    let stage = Stage::with([Reply::ok()]).await;
    stage.client.call(&token(1), call).await.unwrap();
    stage.seen().remove(0)
}

#[tokio::test]
async fn bytes_in_memory_are_a_part_beside_the_parameters() {
    let upload = Upload::bytes("a \"cat\".png", vec![0_u8, 13, 10, 255]).content_type("image/png");
    let seen = sent(&photo(&upload)).await;
    let parts = parts(&seen);
    let field = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    let expected = [
        (field("caption"), "Größe".into()),
        (field("chat_id"), b"7".to_vec()),
        (field("disable_notification"), b"true".to_vec()),
        (field("photo"), b"attach://file0".to_vec()),
        (
            format!(
                "{}; filename=\"a %22cat%22.png\"\r\nContent-Type: image/png",
                field("file0")
            ),
            vec![0, 13, 10, 255],
        ),
    ];
    assert_eq!(parts, expected);
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
}

#[tokio::test]
async fn an_album_sends_each_file_once_from_memory_and_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dog.bin");
    let dog: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    std::fs::write(&path, &dog).unwrap();
    let (cat, dog_file) = (Upload::bytes("cat.png", "miaow"), Upload::file(&path));
    let media = json!([{"media": cat}, {"media": dog_file}, {"media": cat, "type": "photo"}]);
    let params = serde_json::from_value(json!({"chat_id": 7, "media": media})).unwrap();
    let call = Call::new("sendMediaGroup", params)
        .attach(cat.clone())
        .attach(dog_file)
        .attach(cat);
    let seen = sent(&call).await;
    let parts = parts(&seen);
    let media: Value = serde_json::from_slice(&parts[1].1).unwrap();
    assert_eq!(
        media,
        json!([
            {"media": "attach://file0"},
            {"media": "attach://file1"},
            {"media": "attach://file0", "type": "photo"},
        ])
    );
    assert_eq!(parts.len(), 4);
    assert!(parts[2].0.contains("name=\"file0\"; filename=\"cat.png\""));
    assert!(parts[3].0.contains("name=\"file1\"; filename=\"dog.bin\""));
    assert!(parts[2].1 == b"miaow" && parts[3].1 == dog);
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
}

#[tokio::test]
async fn an_empty_file_is_a_part_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty");
    std::fs::write(&path, "").unwrap();
    let seen = sent(&photo(&Upload::file(&path))).await;
    assert_eq!(parts(&seen)[4].1, b"");
}

#[cfg(unix)]
#[tokio::test]
async fn what_has_no_size_is_sent_in_chunks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || std::fs::write(path, vec![7_u8; 200_000]).unwrap()
    });
    let seen = sent(&photo(&Upload::file(&path))).await;
    writer.join().unwrap();
    assert_eq!(seen.headers["transfer-encoding"], "chunked");
    assert_eq!(parts(&seen)[4].1, [7_u8; 200_000]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("missing.png"), folder.path().to_owned()] {
        let stage = Stage::with([Reply::ok()]).await;
        let call = photo(&Upload::file(&path).named("x.png"));
        let error = stage.client.call(&token(1), &call).await.unwrap_err();
        assert!(matches!(&error, Error::Upload { file_name, .. } if file_name == "x.png"));
        assert_eq!((error.retry(), stage.seen().len()), (Retry::Never, 0));
    }
}

#[tokio::test]
async fn a_repeated_upload_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.png");
    std::fs::write(&path, "miaow").unwrap();
    let stage = Stage::with([Reply::retry_after(1), Reply::ok()]).await;
    stage.perform(&photo(&Upload::file(&path))).await.unwrap();
    let seen = stage.seen();
    assert_eq!(seen.len(), 2);
    for seen in &seen {
        assert_eq!(parts(seen)[4].1, b"miaow");
    }
}

#[tokio::test]
async fn a_file_that_shrinks_under_way_is_told_and_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    let file = std::fs::File::create(&path).unwrap();
    // More than the buffers of a connection hold.
    file.set_len(64 << 20).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ClientConfig {
        api_root: format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap(),
        ..ClientConfig::default()
    };
    let client = Client::new(config, Clock::manual().0, Entropy::seeded(7)).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 1_000]).await.unwrap();
        file.set_len(1 << 20).unwrap();
        let rest = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        assert!(rest.is_err() || rest.is_ok_and(|bytes| bytes < 64 << 20));
    };
    let (token, call) = (token(1), photo(&Upload::file(&path)));
    let (result, ()) = tokio::join!(client.call(&token, &call), server);
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Upload { file_name, .. } if file_name == "film.mp4"));
    assert_eq!(error.retry(), Retry::Never);
}
