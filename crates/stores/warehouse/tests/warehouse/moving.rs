use chrono::{NaiveDate, TimeDelta};
use events::{
    Event,
    EventType::{AdClick, Purchase},
};
use log::{Generation, Offset, Partition};
use tenancy::{Destination, Isolation, Placement};
use warehouse::{LogFrontier, PieceTally, RowLane, RowPiece};

use crate::{
    rejects::{insert, reject},
    shop::{Shop, at, event, item},
};

const NOON: &str = "2026-03-01T12:00:00Z";

/// A shop in shared tables, and the empty tables that it is moved to.
pub(crate) struct Move {
    pub(crate) shop: Shop,
    pub(crate) source: Destination,
    pub(crate) target: Destination,
    pub(crate) to: Placement,
}

impl Move {
    pub(crate) async fn to(isolation: Isolation, cluster: &str) -> Self {
        let shop = Shop::open(Isolation::Shared).await;
        let cluster = cluster.parse().unwrap();
        let to = Placement { isolation, cluster, route_version: 2 };
        let source = shop.context.destination().clone();
        let target = to.destination(shop.context.client_id());
        shop.warehouse.migrate(&target).await.unwrap();
        Self { shop, source, target, to }
    }

    /// Returns the frontier after this offset of partition 3.
    fn below(&self, offset: u64) -> LogFrontier {
        let mut offsets = vec![Offset::ZERO; 4];
        offsets[3] = Offset::new(offset);
        LogFrontier { generation: self.shop.generation, offsets }
    }

    async fn lanes(&self, tables: &Destination, below: u64) -> Vec<(RowLane, u64)> {
        let client_id = self.shop.context.client_id();
        let found = self.shop.warehouse.row_lanes(tables, client_id, &self.below(below)).await;
        found.unwrap().into_iter().collect()
    }

    async fn tally(&self, tables: &Destination, piece: RowPiece) -> PieceTally {
        let client_id = self.shop.context.client_id();
        self.shop.warehouse.piece_tally(tables, client_id, piece).await.unwrap()
    }

    async fn copy(&self, piece: RowPiece, token: &str) -> u64 {
        let Self { shop, source, target, .. } = self;
        let client_id = shop.context.client_id();
        shop.warehouse.copy_piece(source, target, client_id, piece, token).await.unwrap()
    }

    pub(crate) async fn close(self) {
        let client_id = self.shop.context.client_id();
        self.shop.warehouse.erase_tenant(&self.to, client_id).await.unwrap();
        self.shop.close().await;
    }
}

/// Purchases of two products and clicks: three rows for two events.
fn events(pairs: usize) -> Vec<Event> {
    let purchase = || {
        let mut purchase = event(Purchase, NOON);
        purchase.items = vec![item("a", 1_500, Some("9.99")), item("b", 1_000, None)];
        purchase.referrer = Some("https://www.example.com/\"it's\"".to_owned());
        purchase
    };
    (0..pairs).flat_map(|_| [purchase(), event(AdClick, NOON)]).collect()
}

fn lane(shop: &Shop, day: u32) -> RowLane {
    let day = NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    RowLane { day, generation: shop.generation, partition: Partition::new(3) }
}

fn piece(shop: &Shop, day: u32, first: u64, last: u64) -> RowPiece {
    RowPiece { lane: lane(shop, day), first: Offset::new(first), last: Offset::new(last) }
}

#[tokio::test]
async fn a_piece_has_the_same_tally_where_it_was_copied_to_and_nothing_else_is_there() {
    for (isolation, cluster) in [(Isolation::Schema, "shared"), (Isolation::Dedicated, "dedicated")]
    {
        let moving = Move::to(isolation, cluster).await;
        let shop = &moving.shop;
        // Offset 60 is the first of the next day.
        shop.insert(50, events(10)).await;
        assert_eq!(
            moving.lanes(&moving.source, 65).await,
            [(lane(shop, 1), 15), (lane(shop, 2), 8)],
            "offset 64 is a purchase of two rows, and 65 is not below"
        );
        let piece = piece(shop, 1, 0, 100);
        let tally = moving.tally(&moving.source, piece).await;
        assert_eq!((tally.rows, tally.distinct), (15, 15));
        assert_eq!(moving.copy(piece, &format!("move:{}:1", shop.context.client_id())).await, 15);
        assert_eq!(moving.tally(&moving.target, piece).await, tally);
        assert_eq!(moving.lanes(&moving.target, 65).await, [(lane(shop, 1), 15)]);
        moving.close().await;
    }
}

#[tokio::test]
async fn a_piece_that_is_doubled_or_differs_in_one_value_has_another_tally() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    let shop = &moving.shop;
    shop.insert(0, events(3)).await;
    let piece = piece(shop, 1, 0, 5);
    let source = moving.tally(&moving.source, piece).await;
    let name = |number: u32| format!("move:{}:{number}", shop.context.client_id());
    moving.copy(piece, &name(1)).await;
    moving.copy(piece, &name(1)).await;
    assert_eq!(moving.tally(&moving.target, piece).await, source, "the server knows the name");
    moving.copy(piece, &name(2)).await;
    let doubled = moving.tally(&moving.target, piece).await;
    assert_eq!((doubled.rows, doubled.distinct), (2 * source.rows, source.distinct));

    let client_id = shop.context.client_id();
    shop.warehouse.remove_piece(&moving.target, client_id, piece).await.unwrap();
    assert_eq!(moving.tally(&moving.target, piece).await, PieceTally::default());
    moving.copy(piece, &name(3)).await;
    assert_eq!(moving.tally(&moving.target, piece).await, source);
    let change = format!(
        "ALTER TABLE {}.events UPDATE url = 'x' WHERE koff = 1 SETTINGS mutations_sync = 1",
        moving.target.database
    );
    shop.writer().query(&change).execute().await.unwrap();
    let changed = moving.tally(&moving.target, piece).await;
    assert_eq!((changed.rows, changed.distinct), (source.rows, source.distinct));
    assert_ne!(changed.hash, source.hash);
    moving.close().await;
}

#[tokio::test]
async fn a_copy_or_a_deletion_that_still_runs_is_seen() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    let shop = &moving.shop;
    let client_id = shop.context.client_id();
    let names = format!("move:{client_id}:");
    let is_settled = async |names: &str| {
        shop.warehouse.is_settled(&moving.target, client_id, names).await.unwrap()
    };
    assert!(is_settled(&names).await);
    let copy = shop.writer().query("SELECT sleep(2)").with_setting("query_id", format!("{names}1"));
    let copy = async { copy.execute().await.unwrap() };
    let check = async {
        while is_settled(&names).await {}
        assert!(is_settled("move:another-tenant:").await);
    };
    tokio::join!(copy, check);
    assert!(is_settled(&names).await);

    shop.insert(0, events(1)).await;
    moving.copy(piece(shop, 1, 0, 1), &format!("{names}2")).await;
    let tables = format!("{}.events", moving.target.database);
    let run = async |sql: &str| shop.writer().query(sql).execute().await.unwrap();
    run(&format!("SYSTEM STOP MERGES {tables}")).await;
    let deletion = format!("ALTER TABLE {tables} DELETE WHERE client_id = '{client_id}'");
    run(&format!("{deletion} SETTINGS mutations_sync = 0")).await;
    assert!(!is_settled(&names).await);
    run(&format!("SYSTEM START MERGES {tables}")).await;
    testkit::eventually("the deletion ends", async || is_settled(&names).await.then_some(())).await;
    moving.close().await;
}

#[tokio::test]
async fn only_the_tenants_rows_of_the_piece_are_copied_and_removed() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    let shop = &moving.shop;
    let neighbour = Shop::open(Isolation::Shared).await;
    shop.insert(0, events(5)).await;
    neighbour.insert(0, events(5)).await;
    let client_id = shop.context.client_id();
    let (first, rest) = (piece(shop, 1, 0, 3), piece(shop, 1, 4, 100));
    moving.copy(first, &format!("move:{client_id}:1")).await;
    assert_eq!(moving.lanes(&moving.target, 100).await, [(lane(shop, 1), 6)]);

    let left = moving.tally(&moving.source, rest).await;
    shop.warehouse.remove_piece(&moving.source, client_id, first).await.unwrap();
    assert_eq!(moving.tally(&moving.source, first).await, PieceTally::default());
    assert_eq!(moving.tally(&moving.source, rest).await, left);
    let of_neighbour =
        shop.warehouse.rows_of_tenant(neighbour.context.placement(), neighbour.context.client_id());
    assert_eq!(of_neighbour.await.unwrap().event_rows, 15);
    moving.close().await;
}

#[tokio::test]
async fn a_piece_ends_with_its_lane_and_never_within_an_event() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    let shop = &moving.shop;
    shop.insert(0, events(3)).await;
    let client_id = shop.context.client_id();
    let last = Offset::new(99);
    let all =
        shop.warehouse.next_piece(&moving.source, client_id, lane(shop, 1), Offset::ZERO, last);
    assert_eq!(all.await.unwrap(), piece(shop, 1, 0, 99), "few rows are one piece");
    let earlier = Generation::new(shop.generation.get().wrapping_sub(1));
    let frontier = moving.below(10);
    assert_eq!(frontier.end(earlier, Partition::new(3)), Offset::MAX);
    moving.close().await;
}

#[tokio::test]
async fn rejects_are_the_same_on_both_sides_however_often_they_are_copied() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    let shop = &moving.shop;
    // Three in each millisecond: a piece never ends between them.
    let received_at = |number: u64| at(NOON) + TimeDelta::milliseconds(number as i64 / 3);
    let rejects = (0..450).map(|number| reject(shop, number, received_at(number)));
    insert(shop, rejects.collect()).await;
    let until = at("2026-03-03T00:00:00Z");
    let day = lane(shop, 1).day;
    let client_id = shop.context.client_id();
    let warehouse = &shop.warehouse;
    let source = warehouse.reject_days(&moving.source, client_id, until).await.unwrap();
    assert_eq!((source.len(), source[&day].distinct), (1, 450));
    for _ in 0..2 {
        let copied = warehouse.copy_rejects(&moving.source, &moving.target, client_id, day, until);
        copied.await.unwrap();
        let target = warehouse.reject_days(&moving.target, client_id, until).await.unwrap();
        assert_eq!(target, source);
    }
    let early = warehouse.reject_days(&moving.source, client_id, at(NOON)).await.unwrap();
    assert!(early.is_empty(), "{early:?}");
    moving.close().await;
}
