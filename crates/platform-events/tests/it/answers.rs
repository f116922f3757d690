//! What endpoints answer, and what that is worth.

use std::net::Ipv4Addr;
use std::time::Duration;

use platform_events::{DeliveryState, EndpointState};
use tokio::net::TcpSocket;

use crate::place::{on_both, on_both_with};
use crate::receiver::{HOST, How, Receiver, url};
use crate::waiting::happens;

/// What is answered; and of the attempt: status, failure, how the answer began.
type Case = (How, Option<u16>, Option<&'static str>, Option<&'static str>);

const CUT: &str = "the connection ended before the whole answer had come";

fn bytes(text: &str) -> How {
    How::Bytes(text.into())
}

fn cases() -> Vec<Case> {
    vec![
        (How::Status(200), Some(200), None, None),
        (How::Status(299), Some(299), None, None),
        // What is said to a success is nobody's business.
        (
            bytes("HTTP/1.1 201 Made\r\ncontent-length: 2\r\n\r\nhi"),
            Some(201),
            None,
            None,
        ),
        // Closing is how HTTP/1.0 ends a body.
        (bytes("HTTP/1.0 200 OK\r\n\r\nhi"), Some(200), None, None),
        (
            How::Status(400),
            Some(400),
            Some("the endpoint answered 400"),
            None,
        ),
        (
            How::Status(404),
            Some(404),
            Some("the endpoint answered 404"),
            None,
        ),
        (
            How::Status(410),
            Some(410),
            Some("the endpoint answered 410"),
            None,
        ),
        (
            bytes("HTTP/1.1 500 Oh\r\ncontent-length: 23\r\n\r\nno\r\n\tsuch \x1b[31mtable\r\n\n"),
            Some(500),
            Some("the endpoint answered 500"),
            Some("no such [31mtable"),
        ),
        (
            bytes("SSH-2.0-OpenSSH_9.2\r\n"),
            None,
            Some("the server answered something that is not HTTP"),
            None,
        ),
        (
            bytes("\0\u{1}\u{2}\r\n\r\n"),
            None,
            Some("the server answered something that is not HTTP"),
            None,
        ),
        (bytes(""), None, Some(CUT), None),
        (bytes("HTTP/1.1 20"), None, Some(CUT), None),
        // Whoever says 200 and breaks off may not have taken it.
        (
            bytes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
            None,
            Some(CUT),
            None,
        ),
        (
            bytes(&format!(
                "HTTP/1.1 200 OK\r\nx: {}\r\n\r\n",
                "x".repeat(20_000)
            )),
            None,
            Some("the head of the answer is longer than 16 KiB or has more than 100 headers"),
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_from_200_to_299_are_deliveries_and_no_others() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        for (number, (how, status, failure, answer)) in cases().into_iter().enumerate() {
            receiver.now(how);
            place.connected("7Zq").await;
            receiver.got(number + 1).await;
            let all = place.all_tried(&endpoint.id).await;
            let seen = all.last().unwrap();
            assert_eq!(seen.last_status, status, "case {number}");
            assert_eq!(seen.last_failure.as_deref(), failure, "case {number}");
            assert_eq!(seen.last_answer.as_deref(), answer, "case {number}");
            let state = match failure {
                None => DeliveryState::Delivered,
                Some(_) => DeliveryState::Waiting,
            };
            assert_eq!(seen.state, state, "case {number}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed_and_is_a_failure() {
    on_both(async |mut place| {
        let elsewhere = Receiver::start(How::Status(200)).await;
        let to = elsewhere.url();
        for (number, status) in [301, 302, 303, 307, 308].into_iter().enumerate() {
            let moved = format!("HTTP/1.1 {status} M\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
            let receiver = Receiver::start(bytes(&moved)).await;
            let (endpoint, _) = place.endpoint(receiver.url()).await;
            place.connected("7Zq").await;
            let failed = place.tried(&endpoint.id, 1).await;
            assert_eq!(failed.last_status, Some(status), "{number}");
            let why = format!("the endpoint answered {status}, and redirects are not followed: give the address that it leads to");
            assert_eq!(failed.last_failure, Some(why));
            place.events.endpoint_delete(&endpoint.id).await.unwrap();
        }
        place.looked().await;
        assert_eq!(elsewhere.connections(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_an_answer_of_which_200_bytes_are_kept() {
    on_both(async |place| {
        let receiver = Receiver::start(How::Status(200)).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        let flood = |status| {
            let mut bytes = format!("HTTP/1.1 {status} So\r\ncontent-length: 10000000\r\n\r\n");
            bytes.extend(std::iter::repeat_n('ö', 5_000_000));
            How::Bytes(bytes.into_bytes())
        };
        receiver.now(flood(200));
        place.connected("a").await;
        let all = place.all_tried(&endpoint.id).await;
        assert_eq!(all[0].state, DeliveryState::Delivered);
        receiver.now(flood(500));
        place.connected("b").await;
        let all = place.all_tried(&endpoint.id).await;
        assert_eq!(
            all[1].last_failure.as_deref(),
            Some("the endpoint answered 500")
        );
        assert_eq!(all[1].last_answer, Some("ö".repeat(100)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_has_ten_seconds_to_answer() {
    for sent in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
        on_both(async |place| {
            let receiver = Receiver::start(How::Hang(sent.into())).await;
            let (endpoint, _) = place.endpoint(receiver.url()).await;
            place.connected("7Zq").await;
            receiver.got(1).await;
            let began = place.clock.now();
            place.turn(Duration::from_micros(9_999_999));
            assert_eq!(place.tried(&endpoint.id, 0).await.last_attempt_at, None);
            place.turn(Duration::from_micros(1));
            let failed = place.tried(&endpoint.id, 1).await;
            let why = "the time was up before an answer began";
            assert_eq!(failed.last_failure.as_deref(), Some(why));
            assert_eq!(
                (failed.last_status, failed.last_attempt_at),
                (None, Some(began))
            );
            // The pause is counted from when it had failed.
            let pause = failed.next_attempt.unwrap().since(began);
            assert!(Duration::from_secs(20) <= pause && pause <= Duration::from_secs(21));
            // One that answers in the last moment has answered.
            receiver.now(How::Hold);
            place.turn(failed.next_attempt.unwrap().since(place.clock.now()));
            receiver.got(2).await;
            place.turn(Duration::from_micros(9_999_999));
            receiver.release();
            let taken = place.tried(&endpoint.id, 2).await;
            assert_eq!(taken.state, DeliveryState::Delivered);
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_seconds_are_for_the_whole_answer() {
    on_both(async |place| {
        let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
        let receiver = Receiver::start(How::Hang(half.into())).await;
        let (endpoint, _) = place.endpoint(receiver.url()).await;
        place.connected("7Zq").await;
        receiver.got(1).await;
        // Whether the head was read by now cannot be seen, so the time is turned on until it was up.
        happens(async || {
            place.turn(Duration::from_secs(1));
            place.deliveries(&endpoint.id).await[0].attempts > 0
        })
        .await;
        let failed = place.deliveries(&endpoint.id).await.remove(0);
        let why = failed.last_failure.unwrap();
        assert!(why.starts_with("the time was up before "), "{why}");
        assert_eq!(failed.last_status, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_the_connection_has_failed() {
    on_both(async |mut place| {
        // Bound, so that nobody else gets the port, and not listening.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let (endpoint, _) = place.endpoint(url("http", HOST, port)).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        let why = "no connection: the host does not listen on this port, or cannot be reached";
        assert_eq!(failed.last_failure.as_deref(), Some(why));
        assert_eq!(failed.last_status, None);
        // It comes up meanwhile.
        drop(socket);
        let receiver = Receiver::start_at((Ipv4Addr::LOCALHOST, port), How::Status(200)).await;
        place.pass(Duration::from_secs(11)).await;
        receiver.got(1).await;
        place.tried(&endpoint.id, 2).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_name_is_gone_has_failed() {
    on_both_with(Default::default, async |place| {
        let nowhere = url("http", "gone.example.com", 80);
        let (endpoint, _) = place.endpoint(nowhere).await;
        place.connected("7Zq").await;
        let failed = place.tried(&endpoint.id, 1).await;
        let why = "the host's name could not be looked up: check its spelling and its DNS records";
        assert_eq!(failed.last_failure.as_deref(), Some(why));
        let shown = place.shown(&endpoint.id).await;
        assert_eq!(
            (shown.state, shown.failures_in_a_row),
            (EndpointState::On, 1)
        );
    })
    .await;
}
