//! What is packed comes back, and what was not packed does no harm.

use std::net::IpAddr;

use ids::RequestId;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;

use super::*;
use crate::encode::Encoder;
use crate::folds::Folded;
use crate::record::RequestRecord;
use crate::waiting::{WaitingRequest, WaitingUpdate};

#[derive(Clone, Debug)]
enum Record {
    Request(RequestRecord),
    Fold(RequestRecord, u64),
    Update(UpdateRecord),
}

fn remotes() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from),
        Just([149, 154, 160, 1].into()),
    ]
}

/// Times, numbers and ids that mostly go on a little, and sometimes jump anywhere.
fn numbers() -> impl Strategy<Value = i64> {
    prop_oneof![0..300_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
}

fn requests() -> impl Strategy<Value = RequestRecord> {
    let ids = (any::<[u8; 10]>(), 0..1_u64 << 48);
    let owners = (0..4_u8, 0..4_u8);
    let spans = any::<[u32; 3]>();
    let whats = (0..Outcome::ALL.len(), any::<u16>(), any::<u64>(), 0..5_u8);
    let updates = prop::option::of(numbers());
    let all = (ids, owners, spans, whats, updates, numbers(), remotes());
    all.prop_map(
        |((random, ms), owners, spans, what, update_id, at, remote)| {
            let (outcome, status, bytes, kind) = what;
            RequestRecord {
                at: Timestamp::from_unix_us(at),
                request_id: RequestId::from_parts(ms, random),
                connection: (owners.0 > 0).then(|| bits::connection(owners.0.into())),
                project: (owners.1 > 0).then(|| format!("prj_{}", owners.1).parse().unwrap()),
                proved: true,
                remote,
                outcome: Outcome::ALL[outcome],
                status,
                bytes,
                update_id,
                kind: (kind > 0).then(|| KindName::from("x".repeat(kind.into()).as_str())),
                read_us: spans[0].into(),
                store_us: spans[1].into(),
                total_us: spans[2].into(),
            }
        },
    )
}

fn updates() -> impl Strategy<Value = UpdateRecord> {
    let whats = prop_oneof![
        Just(Became::Handled),
        any::<u32>().prop_map(|calls| Became::Replied { calls }),
        "[a-zé ]{0,60}".prop_map(|reason| Became::Dead { reason }),
    ];
    let all = (0..9_u8, numbers(), numbers(), whats, any::<u32>());
    all.prop_map(
        |(connection, update_id, at, what, handler_us)| UpdateRecord {
            connection: bits::connection(connection.into()),
            update_id,
            at: Timestamp::from_unix_us(at),
            what,
            handler_us: handler_us.into(),
        },
    )
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = prop_oneof![
        4 => requests().prop_map(Record::Request),
        1 => (requests(), 1..9_u64).prop_map(|(first, count)| Record::Fold(first, count)),
        4 => updates().prop_map(Record::Update),
    ];
    prop::collection::vec(record, 0..60)
}

fn packed(records: &[Record]) -> Encoder {
    let mut encoder = Encoder::new();
    for record in records {
        match record.clone() {
            Record::Request(record) => encoder.request(&WaitingRequest::of(record), false),
            Record::Fold(first, count) => encoder.fold(&fold(first, count)),
            Record::Update(record) => encoder.update(&WaitingUpdate::of(record)),
        }
    }
    encoder
}

fn fold(first: RequestRecord, count: u64) -> Folded {
    let first = WaitingRequest::of(first);
    let mut fold = Folded::empty(&first, Some(crate::parts::prefix_of(first.remote)));
    fold.add(first.bytes, count);
    fold
}

fn assert_same(found: &Request<'_>, record: &RequestRecord) {
    assert_eq!(found.at_us, record.at.unix_us());
    assert_eq!(found.connection.map(bits::connection), record.connection);
    assert_eq!(found.project().unwrap(), record.project);
    assert_eq!(
        (found.outcome, found.status),
        (record.outcome, record.status)
    );
    assert_eq!(found.bytes, record.bytes);
}

fn assert_request(found: &Request<'_>, record: &RequestRecord) {
    assert_same(found, record);
    let remote = Remote::Address(record.remote.to_canonical());
    assert_eq!(found.remote, remote);
    assert_eq!(
        found.request.map(bits::request).as_ref(),
        Some(&record.request_id)
    );
    assert_eq!(
        (found.update_id, found.kind),
        (record.update_id, record.kind)
    );
    let spans = (found.read_us, found.store_us, found.total_us);
    assert_eq!(spans, (record.read_us, record.store_us, record.total_us));
    assert_eq!(found.stands_for, 1);
}

fn read_all(body: &[u8]) -> Result<u32, Fault> {
    let mut decoder = Decoder::new(body)?;
    while let Some(entry) = decoder.next()? {
        match entry {
            Entry::Request(request) => drop(request.project()),
            Entry::Update(update) => drop(update.record()),
            Entry::Other => {}
        }
    }
    Ok(decoder.entries())
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(records in records()) {
        let encoder = packed(&records);
        let mut decoder = Decoder::new(&encoder.body).unwrap();
        for record in &records {
            match (decoder.next().unwrap().unwrap(), record) {
                (Entry::Request(found), Record::Request(record)) => assert_request(&found, record),
                (Entry::Request(found), Record::Fold(first, count)) => {
                    assert_same(&found, first);
                    assert_eq!((found.request, found.stands_for), (None, *count));
                }
                (Entry::Update(found), Record::Update(record)) => assert_eq!(&found.record(), record),
                _ => panic!("a record of another sort"),
            }
        }
        prop_assert!(decoder.next().unwrap().is_none());
        prop_assert_eq!(decoder.entries(), encoder.entries);
    }

    #[test]
    fn passing_over_others_changes_nothing_of_ones_own(records in records()) {
        let body = packed(&records).body;
        let project: ProjectId = "prj_1".parse().unwrap();
        let mut all = Decoder::new(&body).unwrap();
        let mut own = Decoder::new(&body).unwrap().only(Some(&project));
        while let Some(entry) = all.next().unwrap() {
            match (entry, own.next().unwrap().unwrap()) {
                (Entry::Request(one), Entry::Request(other)) => prop_assert_eq!(one, other),
                (Entry::Update(one), Entry::Update(other)) => prop_assert_eq!(one, other),
                (Entry::Request(other), Entry::Other) => prop_assert!(!other.is_of(&project)),
                (Entry::Update(_), Entry::Other) => {}
                _ => panic!("a record of another sort"),
            }
        }
        prop_assert!(own.next().unwrap().is_none());
    }

    #[test]
    fn a_cleared_encoder_is_a_new_one(first in records(), second in records()) {
        let mut encoder = packed(&first);
        encoder.clear();
        for record in &second {
            if let Record::Update(record) = record {
                encoder.update(&WaitingUpdate::of(record.clone()));
            }
        }
        let updates: Vec<_> = second.into_iter().filter(|one| matches!(one, Record::Update(_))).collect();
        prop_assert_eq!(encoder.body, packed(&updates).body);
    }

    #[test]
    fn damage_is_never_worse_than_a_fault(
        records in records(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        cut in any::<Index>(),
    ) {
        let mut body = packed(&records).body;
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(cut.index(body.len() * 2));
        let read = read_all(&body);
        prop_assert!(read.is_err() || read.unwrap() as usize <= body.len());
    }

    #[test]
    fn bytes_that_mean_nothing_are_refused(mut body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_all(&body);
        if let Some(format) = body.first_mut() {
            *format = FORMAT;
            let _ = read_all(&body);
        }
    }
}

#[test]
fn every_single_flipped_bit_is_survived() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let records = records().new_tree(&mut runner).unwrap().current();
    let body = packed(&records).body;
    for at in 0..body.len() * 8 {
        let mut body = body.clone();
        body[at / 8] ^= 1 << (at % 8);
        let _ = read_all(&body);
    }
    assert_eq!(read_all(&[2, 0]), Err(Fault::Newer(2)));
}
