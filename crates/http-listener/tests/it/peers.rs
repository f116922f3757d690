use http_listener::{BodyFault, HeadFault, Limits};

use crate::harness::serve;

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once_and_counted() {
    let served = serve(Limits {
        max_connections_per_address: 1,
        ..Limits::default()
    })
    .await;
    let mut first = served.connect().await;
    first.get("/first").await;
    assert_eq!(served.connect().await.rest().await, "");
    assert_eq!(served.heads(), [HeadFault::Overloaded]);
    assert_eq!(served.monitor.counts().turned_away, 1);
    assert_eq!(served.monitor.counts().open, 1);

    drop(first);
    served
        .until(|served| served.monitor.counts().open == 0)
        .await;
    served.connect().await.get("/next").await;
    assert_eq!(served.monitor.counts().accepted, 2);
}

#[tokio::test]
async fn heads_that_no_service_may_see_are_told_of() {
    let served = serve(Limits::default()).await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(9_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65));
    let bad = [
        ("\x16\x03\x01\x02\x00\x01\x00", "HTTP/1.1 400 "),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 "),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (&long, "HTTP/1.1 431 "),
        (&many, "HTTP/1.1 431 "),
    ];
    for (request, answer) in bad {
        let mut peer = served.connect().await;
        peer.send(request).await;
        let rest = peer.rest().await;
        assert!(rest.starts_with(answer), "{request:?} got {rest:?}");
    }
    use HeadFault::{Malformed, TooLarge};
    let expected = [
        Malformed, Malformed, Malformed, Malformed, Malformed, Malformed, TooLarge, TooLarge,
    ];
    served
        .until(|served| served.heads().len() >= expected.len())
        .await;
    assert_eq!(served.heads(), expected);
    assert_eq!(served.monitor.counts().requests, 0);
}

#[tokio::test]
async fn a_peer_that_leaves_is_noticed_wherever_it_was() {
    let served = serve(Limits::default()).await;
    drop(served.connect().await);
    let mut in_head = served.connect().await;
    in_head.send("GET / HT").await;
    drop(in_head);
    served
        .until(|served| served.heads() == [HeadFault::Cut])
        .await;

    let mut in_body = served.connect().await;
    in_body
        .send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345")
        .await;
    drop(in_body);
    served
        .until(|served| served.bodies() == [Err(BodyFault::Cut)])
        .await;
    served
        .until(|served| served.monitor.counts().open == 0)
        .await;
    assert_eq!(served.heads(), [HeadFault::Cut]);
}

#[tokio::test]
async fn odd_but_lawful_requests_are_served() {
    let served = serve(Limits::default()).await;
    let mut old = served.connect().await;
    old.send("POST /old HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")
        .await;
    assert!(old.rest().await.ends_with("\r\n\r\n/old"), "and closed");

    let mut bare = served.connect().await;
    bare.send("GET /bare HTTP/1.1\nHost: here\n\n").await;
    bare.answer("/bare").await;

    let mut pipelined = served.connect().await;
    pipelined
        .send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
        .await;
    let both = pipelined.answer("/2").await;
    assert_eq!(both.matches("HTTP/1.1 200 OK").count(), 2);
}

#[tokio::test]
async fn a_panic_ends_its_own_connection_only() {
    let served = serve(Limits::default()).await;
    let mut other = served.connect().await;
    other.get("/before").await;
    let mut unlucky = served.connect().await;
    unlucky.send("GET /panic HTTP/1.1\r\n\r\n").await;
    assert_eq!(unlucky.rest().await, "");
    other.get("/after").await;
    served
        .until(|served| served.monitor.counts().open == 1)
        .await;
}
