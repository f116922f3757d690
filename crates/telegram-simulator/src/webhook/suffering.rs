//! A connection that fails because a test says so.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clock::Clock;
use tokio::net::TcpStream;

use crate::faults::DeliveryFault;
use crate::webhook::response::Reply;
use crate::webhook::stream::{Ended, open, receive, write};

/// How an attempt to connect fails: at once, or after a connection that stands and ends.
pub(super) async fn refuse(
    target: Option<SocketAddr>,
    fault: DeliveryFault,
    clock: &Clock,
) -> String {
    match fault {
        DeliveryFault::Tls(text) => match open(target, clock).await {
            Ok(_closed) => text,
            Err(error) => error,
        },
        DeliveryFault::Connect(text) => text,
        // Faults of a request never strike here.
        _ => DeliveryFault::REFUSED.to_owned(),
    }
}

/// What becomes of a request that fails.
pub(super) async fn suffer(
    stream: &mut TcpStream,
    request: &[u8],
    fault: DeliveryFault,
    clock: &Clock,
) -> Result<(Duration, Reply), Ended> {
    let error = match fault {
        DeliveryFault::Status(status, reason) => {
            return Ok((clock.elapsed(), reply(status, reason)));
        }
        DeliveryFault::WriteTimeout(_) => {
            clock.sleep(fault.wait()).await;
            return Err(Ended::with("Write timeout expired".to_owned()));
        }
        DeliveryFault::ReadTimeout(_) => Some("Read timeout expired".to_owned()),
        DeliveryFault::Closed => None,
        DeliveryFault::Lost(ref text)
        | DeliveryFault::Connect(ref text)
        | DeliveryFault::Tls(ref text) => Some(text.clone()),
    };
    let written = write(stream, request, clock).await?;
    if matches!(fault, DeliveryFault::ReadTimeout(_)) {
        clock.sleep(fault.wait()).await;
    } else {
        // The receiver has done its work; whatever it says is lost.
        let _lost = receive(stream, &mut BytesMut::new(), clock).await;
    }
    Err(Ended {
        error,
        written: Some(written),
    })
}

fn reply(status: u16, reason: String) -> Reply {
    Reply {
        status,
        reason,
        retry_after: 0,
        keep_alive: true,
        content_type: String::new(),
        body: Bytes::new(),
    }
}
