use std::collections::BTreeMap;

use sequences::{Attempt, Funnel, FunnelCounts, FunnelTotals, Moment, Span};

use super::{DAY, HOUR, MINUTE, assert_close, march};

/// View, add to cart, purchase, remove from cart, page view.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    V,
    C,
    P,
    R,
    G,
}

use Kind::{C, G, P, R, V};

/// An event: its key, kind and time. Ids ascend in the order of a list.
type Event = (&'static str, Kind, &'static str);

const F1: &[Event] = &[
    ("a", V, "02T10:00:00"),
    ("a", C, "02T10:05:00"),
    ("a", P, "02T10:30:00"),
    ("b", V, "02T12:00:00"),
    ("b", C, "02T12:10:00"),
    ("b", P, "03T12:00:00"),
    ("c", V, "02T12:00:00"),
    ("c", C, "02T12:10:00"),
    ("c", P, "03T12:00:00.001"),
    ("d", C, "02T09:00:00"),
    ("d", V, "02T09:30:00"),
    ("d", P, "02T09:45:00"),
    ("e", V, "02T08:00:00"),
    ("e", C, "02T08:10:00"),
    ("e", V, "03T07:00:00"),
    ("e", C, "03T09:00:00"),
    ("e", P, "03T09:30:00"),
    ("f", V, "01T23:59:59.999"),
    ("f", C, "02T00:10:00"),
    ("f", P, "02T00:20:00"),
    ("g", V, "03T23:50:00"),
    ("g", C, "04T00:05:00"),
    ("g", P, "04T01:00:00"),
    ("h", C, "02T15:00:00"),
    ("h", V, "02T15:00:00"),
    ("h", P, "02T15:05:00"),
    ("i", V, "02T18:00:00"),
    ("k", V, "04T00:00:00"),
    ("k", C, "04T00:01:00"),
    ("l", V, "02T00:00:00"),
    ("l", C, "02T01:00:00"),
    ("l", V, "02T23:00:00"),
    ("l", P, "03T00:30:00"),
];

const F2: &[Event] = &[
    ("m", V, "02T10:00:00"),
    ("m", C, "02T10:10:00"),
    ("m", P, "02T10:20:00"),
    ("n", V, "02T10:00:00"),
    ("n", G, "02T10:05:00"),
    ("n", C, "02T10:10:00"),
    ("n", P, "02T10:20:00"),
    ("o", V, "02T10:00:00"),
    ("o", C, "02T10:10:00"),
    ("o", R, "02T10:15:00"),
    ("o", P, "02T10:20:00"),
    ("p", V, "02T10:00:00"),
    ("p", C, "02T10:10:00"),
    ("p", R, "02T10:15:00"),
    ("p", C, "02T10:16:00"),
    ("p", P, "02T10:20:00"),
    ("q", V, "02T10:00:00"),
    ("q", C, "02T10:10:00"),
    ("q", P, "02T10:20:00"),
    ("q", R, "02T10:25:00"),
    ("r", V, "02T10:00:00"),
    ("r", C, "02T10:10:00"),
    ("r", R, "02T10:20:00"),
    ("r", P, "02T10:20:00"),
    ("s", V, "02T10:00:00"),
    ("s", V, "02T10:05:00"),
    ("s", C, "02T10:10:00"),
    ("s", P, "02T10:15:00"),
];

/// The products of each event of F3 stand beside it.
const F3: &[(Event, &[&str])] = &[
    (("t", V, "02T10:00:00"), &["p1"]),
    (("t", C, "02T10:05:00"), &["p1"]),
    (("t", P, "02T10:30:00"), &["p1", "p2"]),
    (("u", V, "02T10:00:00"), &["p1"]),
    (("u", V, "02T10:01:00"), &["p2"]),
    (("u", C, "02T10:05:00"), &["p2"]),
    (("u", P, "02T10:30:00"), &["p1"]),
    (("w", V, "02T10:00:00"), &["p3"]),
    (("w", C, "02T10:05:00"), &["p3"]),
    (("w", P, "02T10:30:00"), &["p3", "p3"]),
    (("x", P, "02T10:00:00"), &["p4"]),
    (("x", P, "12T10:00:00"), &["p5"]),
    (("y", P, "02T10:00:00"), &["p4"]),
    // The same millisecond of 1 April, 30 days and 1 ms after the first.
    (("y", P, "31T10:00:00.001"), &["p4"]),
    (("z", P, "02T11:00:00"), &["p4"]),
    (("z", P, "02T11:00:00"), &["p6"]),
];

/// The attempts of all keys, and their totals.
struct Report {
    attempts: BTreeMap<String, Option<Attempt>>,
    totals: FunnelTotals,
}

impl Report {
    /// Runs a funnel over the moments of each key. The moments have their event's order by id.
    fn new(funnel: &Funnel, keys: BTreeMap<String, Vec<Moment>>) -> Self {
        let mut counts = FunnelCounts::new(funnel);
        let mut attempts = BTreeMap::new();
        for (key, mut moments) in keys {
            moments.sort_by_key(Moment::order);
            let attempt = funnel.attempt(&moments, march("31T00:00:00"));
            attempt.iter().for_each(|attempt| counts.add(attempt));
            attempts.insert(key, attempt);
        }
        Self { attempts, totals: counts.totals() }
    }

    fn of_events(funnel: &Funnel, events: &[Event], steps: &[Kind]) -> Self {
        let mut keys = BTreeMap::<_, Vec<_>>::new();
        for (key, kind, time) in events {
            let moment = moment(*kind, march(time), steps);
            keys.entry((*key).to_owned()).or_default().push(moment);
        }
        Self::new(funnel, keys)
    }

    fn depth(&self, key: &str) -> usize {
        self.attempts[key].as_ref().map_or(0, Attempt::depth)
    }

    fn depths(&self) -> String {
        let depths = self.attempts.keys().map(|key| format!("{key}{}", self.depth(key)));
        depths.collect::<Vec<_>>().join(" ")
    }

    /// Returns the seconds from the entry to the last step that a key reached.
    fn seconds(&self, key: &str) -> f64 {
        self.attempts[key].as_ref().unwrap().duration() as f64 / 1000.0
    }

    fn excluded(&self) -> Vec<&str> {
        let attempts = self.attempts.iter();
        attempts
            .filter(|(_, attempt)| attempt.as_ref().is_some_and(Attempt::is_excluded))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    fn median_and_mean(&self) -> (f64, f64) {
        let times = self.totals.times.unwrap();
        (times.median, times.mean)
    }
}

/// Returns the moment of an event. The only exclusion is a removal from the cart.
fn moment(kind: Kind, time: i64, steps: &[Kind]) -> Moment {
    let bits = (0..).zip(steps).filter(|(_, step)| **step == kind);
    Moment { time, steps: bits.map(|(bit, _)| 1 << bit).sum(), exclusions: u32::from(kind == R) }
}

fn funnel(steps: usize, window: i64) -> Funnel {
    let entries = Span::new(march("02T00:00:00"), march("04T00:00:00")).unwrap();
    Funnel::new(steps, window, entries).unwrap()
}

#[test]
fn f1_a_purchase_counts_within_a_day_of_the_view_that_it_completes() {
    let report = Report::of_events(&funnel(3, DAY), F1, &[V, C, P]);
    assert_eq!(report.depths(), "a3 b3 c2 d1 e3 f0 g3 h3 i1 k0 l2");
    let totals = &report.totals;
    assert_eq!(totals.counts, [9, 7, 5]);
    assert_eq!(totals.step_rates, [Some(7.0 / 9.0), Some(5.0 / 7.0)]);
    assert_eq!(totals.total_rate, Some(5.0 / 9.0));
    assert_eq!(report.median_and_mean(), (4200.0, 20340.0));
    assert_eq!(totals.times.unwrap().p90, 86_400.0);
    assert_eq!((totals.excluded, totals.open), (0, 0));
    let seconds = ["a", "b", "e", "g", "h"].map(|key| report.seconds(key));
    assert_eq!(seconds, [1800.0, 86_400.0, 9000.0, 4200.0, 300.0]);
}

#[test]
fn f1_the_second_entry_counts_if_it_leads_deeper() {
    let report = Report::of_events(&funnel(3, DAY), F1, &[V, C, P]);
    let positions = |key: &str| {
        let attempt = report.attempts[key].as_ref().unwrap();
        attempt.reached().iter().map(|reached| reached.position).collect::<Vec<_>>()
    };
    assert_eq!(positions("e"), [2, 3, 4]);
    assert_eq!(positions("l"), [0, 1]);
    // In the same millisecond the event of the earlier step is first, whatever its id.
    assert_eq!(positions("h"), [0, 1, 2]);
}

#[test]
fn f1_is_the_same_in_strict_order_as_it_has_no_other_events() {
    let ordered = Report::of_events(&funnel(3, DAY), F1, &[V, C, P]);
    let strict = Report::of_events(&funnel(3, DAY).strict(), F1, &[V, C, P]);
    assert_eq!(ordered.attempts, strict.attempts);
}

#[test]
fn f1_entries_of_the_last_day_are_open_within_it() {
    let funnel = funnel(3, DAY);
    let view = [moment(V, march("03T23:50:00"), &[V, C, P])];
    let is_open = |as_of| funnel.attempt(&view, march(as_of)).unwrap().is_open();
    assert!(is_open("04T23:50:00"));
    assert!(!is_open("04T23:50:00.001"));
}

#[test]
fn f2_every_key_completes_if_other_events_do_not_matter() {
    let report = Report::of_events(&funnel(3, HOUR), F2, &[V, C, P]);
    assert_eq!(report.totals.counts, [7, 7, 7]);
    let (median, mean) = report.median_and_mean();
    assert_eq!(median, 1200.0);
    assert_close(Some(mean), 8100.0 / 7.0);
    // It begins with its first view.
    assert_eq!(report.seconds("s"), 900.0);
}

#[test]
fn f2_a_removal_between_cart_and_purchase_excludes_the_key_that_does_not_add_again() {
    let excluding = funnel(3, HOUR).excluding(1, 2).unwrap();
    let report = Report::of_events(&excluding, F2, &[V, C, P]);
    assert_eq!(report.totals.counts, [7, 7, 6]);
    assert_eq!(report.depths(), "m3 n3 o2 p3 q3 r3 s3");
    assert_eq!((report.excluded(), report.totals.excluded), (vec!["o"], 1));
    let second_cart = report.attempts["p"].as_ref().unwrap().reached()[1];
    assert_eq!(second_cart.time, march("02T10:16:00"));
    assert_eq!(report.median_and_mean(), (1200.0, 1150.0));
}

#[test]
fn f2_in_strict_order_no_other_event_lies_between_two_steps() {
    let report = Report::of_events(&funnel(3, HOUR).strict(), F2, &[V, C, P]);
    assert_eq!(report.totals.counts, [7, 6, 4]);
    assert_eq!(report.depths(), "m3 n1 o2 p2 q3 r3 s3");
    assert_eq!(report.seconds("s"), 600.0);
    assert_eq!(report.median_and_mean(), (1200.0, 1050.0));
}

#[test]
fn f2_eight_minutes_from_step_to_step_are_enough_for_one_key_only() {
    let limited = funnel(3, HOUR).with_step_window(8 * MINUTE).unwrap();
    let report = Report::of_events(&limited, F2, &[V, C, P]);
    assert_eq!(report.totals.counts, [7, 1, 1]);
    assert_eq!(report.depth("s"), 3);
    assert_eq!(report.attempts["s"].as_ref().unwrap().entry().time, march("02T10:05:00"));
    assert_eq!(report.median_and_mean(), (600.0, 600.0));
}

fn f3_events() -> Vec<Event> {
    F3.iter().map(|(event, _)| *event).collect()
}

#[test]
fn f3_without_a_held_product_any_product_continues_the_funnel() {
    let report = Report::of_events(&funnel(3, 7 * DAY), &f3_events(), &[V, C, P]);
    assert_eq!(report.totals.counts, [3, 3, 3]);
    assert_eq!(report.depths(), "t3 u3 w3 x0 y0 z0");
    assert_eq!(report.median_and_mean(), (1800.0, 1800.0));
}

#[test]
fn f3_with_a_held_product_each_pair_of_visitor_and_product_is_a_key() {
    let mut pairs = BTreeMap::<_, Vec<_>>::new();
    for ((visitor, kind, time), products) in F3 {
        let mut products = products.to_vec();
        products.dedup();
        for product in products {
            let moment = moment(*kind, march(time), &[V, C, P]);
            pairs.entry(format!("{visitor}/{product}")).or_default().push(moment);
        }
    }
    let report = Report::new(&funnel(3, 7 * DAY), pairs);
    assert_eq!(report.totals.counts, [4, 3, 2]);
    assert_eq!(
        report.depths(),
        "t/p13 t/p20 u/p11 u/p22 w/p33 x/p40 x/p50 y/p40 z/p40 z/p60".to_owned()
    );
    let visitors = [1, 2, 3].map(|depth| {
        let reached = report.attempts.keys().filter(|pair| report.depth(pair) >= depth);
        let mut visitors: Vec<_> = reached.map(|pair| pair.split('/').next().unwrap()).collect();
        visitors.dedup();
        visitors.len()
    });
    assert_eq!(visitors, [3, 3, 2]);
}

#[test]
fn f3_one_order_is_not_a_repeated_purchase() {
    let mut events = f3_events();
    let april = march("31T10:00:00.001") + DAY;
    let steps = [P, P];
    let late = events.iter().position(|event| event.2 == "31T10:00:00.001").unwrap();
    events.remove(late);
    let funnel = funnel(2, 30 * DAY);
    let report = Report::of_events(&funnel, &events, &steps);
    assert_eq!(report.totals.counts, [6, 2]);
    assert_eq!(report.depths(), "t1 u1 w1 x2 y1 z2");
    assert_eq!(report.median_and_mean(), (432_000.0, 432_000.0));
    // The second purchase of y on 1 April is 1 ms late.
    let y = |second| [march("02T10:00:00"), second].map(|time| moment(P, time, &steps));
    let depth = |second| funnel.attempt(&y(second), april).unwrap().depth();
    assert_eq!((depth(april), depth(april - 1)), (1, 2));
}
