use ids::ConnectionId;
use request_log::{LoggedRequest, Outcome};

use crate::harness::{NOT_FOUND, OK, Site, message, registration};

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_are_nearly_ours_are_refused() {
    let site = Site::start().await;
    let (path, token) = (site.path(), site.token());
    let with_body = message(1, 1);
    let bot = &path[18..48];
    let secret_at = path.len() - 22;
    let targets = [
        "/".to_owned(),
        "*".to_owned(),
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}?"),
        format!("{path}?x=1"),
        format!("http://bots.example.com{path}"),
        path.replace("/telegram", "/%74elegram"),
        path.replace("/telegram/", "/telegram//"),
        path.replace("/telegram/", "/telegram/./"),
        path.replace("/telegram/webhook/", "/telegram/x/../webhook/"),
        path.to_uppercase(),
        path.replace(bot, &bot.to_lowercase()),
        format!("{}{}", &path[..secret_at], "A".repeat(22)),
        path[..path.len() - 1].to_owned(),
        path.replace("/1.1.", "/01.1."),
        path.replace("/1.1.", "/1.2."),
        path.replace("/1.1.", "/2.1."),
        format!("{path}{}", "A".repeat(3_000)),
    ];
    for target in &targets {
        assert_ne!(*target, path);
        let answer = site.answer(site.push_to(target, &token, &with_body)).await;
        assert_eq!(answer, NOT_FOUND, "{target}");
    }
    let records = site.records().await;
    assert_eq!(records.len(), targets.len());
    for record in records {
        assert_eq!(
            (record.outcome, record.status),
            (Outcome::RejectedUnknownPath, 404)
        );
        assert_eq!((record.connection, record.update_id), (None, None));
    }
    assert!(site.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_method_gets_the_same_answer() {
    let site = Site::start().await;
    for method in [
        "GET", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "PROPFIND",
    ] {
        let request = site.push(&message(1, 1)).replacen("POST", method, 1);
        assert_eq!(site.answer(request).await, NOT_FOUND, "{method}");
    }
    // A HEAD's answer has no body either, and no length of it.
    let head = site.answer(site.push("").replacen("POST", "HEAD", 1)).await;
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
    assert_eq!(site.outcomes().await, [Outcome::RejectedBadMethod; 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_exactly_right_and_there_once_is_refused() {
    let site = Site::start().await;
    let (path, token) = (site.path(), site.token());
    let of_other_generation = site.token_of(registration(2));
    let header = |value: &str| format!("X-Telegram-Bot-Api-Secret-Token: {value}\r\n");
    let headers = [
        String::new(),
        header(""),
        header(&token[..42]),
        header(&format!("{token}A")),
        header(&"A".repeat(43)),
        header(&"A".repeat(2_000)),
        header(&token.to_lowercase()),
        header(&of_other_generation),
        header(&format!("{token}, {token}")),
        header(&token) + &header(&token),
        header(&token) + &header("wrong"),
        header("wrong") + &header(&token),
        header(&token).replace("Bot-Api-", ""),
    ];
    for headers in &headers {
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: here\r\n{headers}Content-Length: 2\r\n\r\n{{}}");
        assert_eq!(site.answer(request).await, NOT_FOUND, "{headers}");
    }
    let records = site.records().await;
    assert_eq!(records.len(), headers.len());
    for record in records {
        assert_eq!(
            (record.outcome, record.status),
            (Outcome::RejectedWrongSecret, 404)
        );
        assert_eq!(record.project.as_ref(), Some(&site.connection.project));
    }
    let odd_but_right = site
        .push(&message(1, 1))
        .replace("X-Telegram", "x-TELEGRAM");
    assert_eq!(site.answer(odd_but_right).await, OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_path_without_a_connection_is_refused_like_any_other() {
    let site = Site::start().await;
    let stranger = ConnectionId::from_parts(1, [9; 10]);
    let path = site.path_of(&stranger, registration(1));
    let answer = site.answer(site.push_to(&path, &site.token(), "{}")).await;
    assert_eq!(answer, NOT_FOUND);
    let [record] = <[LoggedRequest; 1]>::try_from(site.records().await).unwrap();
    assert_eq!(record.outcome, Outcome::RejectedUnknownPath);
    assert_eq!((record.connection, record.project), (Some(stranger), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_forged_requests_is_counted_and_touches_nothing() {
    let site = Site::start().await;
    let forged = site.push_to("/telegram/webhook/guess", "guess", "{}");
    // Whoever is only refused gets so many answers a connection.
    let last = NOT_FOUND.replace("content-length", "connection: close\r\ncontent-length");
    for _ in 0..2 {
        let mut sender = site.connect().await;
        for _ in 1..1_000 {
            assert_eq!(sender.ask(&forged).await, NOT_FOUND);
        }
        assert_eq!(sender.ask(&forged).await, last);
    }
    let records = site.records().await;
    assert_eq!(
        records.iter().map(|record| record.stands_for).sum::<u64>(),
        2_000
    );
    assert!(records.len() <= 601, "{}", records.len());
    assert!(site.pending().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let site = Site::start().await;
    let head = |length: &str| {
        let (path, token) = (site.path(), site.token());
        format!(
            "POST {path} HTTP/1.1\r\nX-Telegram-Bot-Api-Secret-Token: {token}\r\n{length}\r\n\r\n"
        )
    };
    const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large\r\n";
    // Not one byte of the body is sent.
    let claimed = site.answer(head("Content-Length: 1048577")).await;
    assert_eq!(claimed, format!("{TOO_LARGE}content-length: 0\r\n\r\n"));
    let claimed = site
        .answer(head("Content-Length: 18446744073709551614"))
        .await;
    assert!(claimed.starts_with("HTTP/1.1 4"), "{claimed}");

    let mut sender = site.connect().await;
    sender.send(head("Transfer-Encoding: chunked")).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    for _ in 0..17 {
        sender.send(&chunk).await;
    }
    let unclaimed = sender.read().await;
    assert!(unclaimed.starts_with(TOO_LARGE), "{unclaimed}");

    // Whoever has not proved to be Telegram is not told that either.
    let forged = head("Content-Length: 1048577").replace(&site.token(), "guess");
    assert_eq!(site.answer(forged).await, NOT_FOUND);

    let records = site.records().await;
    assert_eq!(records.len(), 4);
    assert_eq!(records[0].bytes, 1_048_577);
    assert_eq!(records[0].outcome, Outcome::RejectedTooLarge);
    assert_eq!(records[2].outcome, Outcome::RejectedTooLarge);
    assert_eq!(records[3].outcome, Outcome::RejectedWrongSecret);
    let mut largest = message(1, 1);
    largest.push_str(&" ".repeat((1 << 20) - largest.len()));
    assert_eq!(site.answer(site.push(&largest)).await, OK);
}
