use http_listener::{HeadFault, Limits};

use crate::harness::serve;

#[tokio::test]
async fn a_head_that_says_two_lengths_is_refused_unseen() {
    let served = serve(Limits::default()).await;
    let lengths = [
        "Content-Length: 3\r\nContent-Length: 3",
        "Content-Length: 3\r\nContent-Length: 4",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
    ];
    for (number, lengths) in lengths.into_iter().enumerate() {
        let mut peer = served.connect().await;
        peer.send(format!(
            "POST /both HTTP/1.1\r\n{lengths}\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
        ))
        .await;
        let rest = peer.rest().await;
        assert!(rest.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{rest}");
        assert!(rest.contains("connection: close\r\n"), "{rest}");
        assert_eq!(rest.matches("HTTP/1.1").count(), 1, "{rest}");
        assert!(rest.ends_with("\r\n\r\n"), "no body: {rest}");
        served
            .until(|served| served.heads().len() == number + 1)
            .await;
    }
    assert_eq!(served.heads(), [HeadFault::Malformed; 6]);
    assert_eq!(served.bodies(), []);
    assert_eq!(served.monitor.counts().requests, 0);
}

#[tokio::test]
async fn a_conflict_is_noticed_however_it_is_sent() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    let good = "POST /good HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    peer.send(good).await;
    peer.answer("/good").await;
    for byte in "\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\ncontent-length:3\r\n\r\n".bytes() {
        peer.send([byte]).await;
        tokio::task::yield_now().await;
    }
    let rest = peer.rest().await;
    assert!(rest.starts_with("HTTP/1.1 400 "), "{rest}");
    assert_eq!(served.bodies(), [Ok("abc".into())]);
}

#[tokio::test]
async fn a_body_may_look_like_anything() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    let body = "\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n";
    let request = format!(
        "POST /odd HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    peer.send(&request).await;
    assert!(peer.answer("/odd").await.starts_with("HTTP/1.1 200 "));
    peer.send(request.repeat(2)).await;
    let both = peer.answer("/odd").await;
    if both.matches("HTTP/1.1 200 ").count() == 1 {
        peer.answer("/odd").await;
    }
    assert_eq!(served.bodies(), vec![Ok(body.into()); 3]);
}

#[tokio::test]
async fn chunks_are_read_and_end_their_connection() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.send(
        "POST /chunks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: z\r\n\r\n\
         GET /second HTTP/1.1\r\n\r\n",
    )
    .await;
    let rest = peer.rest().await;
    assert!(rest.contains("connection: close\r\n"), "{rest}");
    assert!(rest.ends_with("\r\n\r\n/chunks"), "{rest}");
    assert_eq!(served.bodies(), [Ok("abc".into())]);
}

#[tokio::test]
async fn who_asks_first_is_told_to_go_on_only_when_the_body_is_wanted() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    peer.send("POST /asks HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert_eq!(
        peer.answer("\r\n\r\n").await,
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    peer.send("abc").await;
    assert!(peer.answer("/asks").await.starts_with("HTTP/1.1 200 "));

    // Too long, as it says itself: nobody asks for it.
    let mut peer = served.connect().await;
    peer.send("POST /long HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
        .await;
    let rest = peer.rest().await;
    assert!(rest.starts_with("HTTP/1.1 413 "), "{rest}");

    let mut peer = served.connect().await;
    peer.send(
        "POST /two HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
    )
    .await;
    let rest = peer.rest().await;
    assert!(rest.starts_with("HTTP/1.1 400 "), "{rest}");
}

#[tokio::test]
async fn an_old_peer_is_answered_in_its_own_version() {
    let served = serve(Limits::default()).await;
    let mut peer = served.connect().await;
    for _ in 0..2 {
        peer.send("POST /old HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc")
            .await;
        let answer = peer.answer("/old").await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        assert!(answer.contains("connection: keep-alive\r\n"), "{answer}");
    }
    peer.send("GET /last HTTP/1.0\r\n\r\n").await;
    assert!(peer.rest().await.ends_with("\r\n\r\n/last"));
}
