//! What a refusal costs, counted where it is allocated: it runs on the thread that counts.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use tokio::runtime;
use webhook_ingress::SECRET_HEADER;

use crate::harness::{PEER, Site};

/// A record for the log, and the answer.
const REFUSAL_BYTES: u64 = 512;

#[test]
fn no_refusal_allocates_what_its_sender_sizes() {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let site = runtime.block_on(Site::start());
    let (path, token) = (site.path(), site.token());
    let post = |path: &str, secret: &str, body: usize| {
        Request::post(path)
            .header(SECRET_HEADER, secret)
            .body(Full::new(Bytes::from(vec![b' '; body])))
            .unwrap()
    };
    // A target or a method may be as long as a head, no longer.
    let long = |size: usize| "X".repeat(size.min(60_000));
    let of_size = |size: usize| {
        let mut odd_method = post(&path, &token, size);
        *odd_method.method_mut() = Method::from_bytes(long(size).as_bytes()).unwrap();
        let guess = format!("/telegram/webhook/{}", long(size));
        vec![
            ("a guess", post(&guess, "a", size)),
            (
                "a longer path",
                post(&(path.clone() + &long(size)), &token, size),
            ),
            ("a wrong secret", post(&path, &"x".repeat(size), size)),
            ("a near secret", post(&path, &"x".repeat(token.len()), size)),
            ("a method", odd_method),
            ("a large body", post(&path, &token, (1 << 20) + size)),
        ]
    };
    // Whatever is made once is made now.
    for (_, request) in of_size(1) {
        runtime.block_on(site.ingress.answer(PEER, request));
    }
    let cost = |request| {
        let mut status = 0;
        let used = allocation_counter::measure(|| {
            status = at_once(site.ingress.answer(PEER, request))
                .status()
                .as_u16();
        });
        assert!(matches!(status, 404 | 413), "{status}");
        (used.bytes_max, used.count_total)
    };
    // The least of a few: now and then a buffer of the log grows.
    let cheapest = |what: usize, size: usize| {
        let costs = (0..5).map(|_| cost(of_size(size).swap_remove(what).1));
        costs.min().unwrap()
    };
    for (number, (what, _)) in of_size(1).iter().enumerate() {
        let (small, large) = (cheapest(number, 1), cheapest(number, 1 << 20));
        assert!(large.0 <= REFUSAL_BYTES, "{what}: {large:?}");
        assert_eq!(large, small, "{what}");
    }
    drop(runtime);
}

/// Nothing of a refusal is waited for.
fn at_once<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it waits for something"),
    }
}
