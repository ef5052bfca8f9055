use super::*;

fn sums() -> (Sums, Currency) {
    let eur = "EUR".parse().unwrap();
    let mut sums = Sums::default();
    sums.add_count(Counter::Impressions, None, 10_000);
    sums.add_count(Counter::Clicks, Some(eur), 46);
    sums.add_money(MoneySum::Spend, eur, "12.50".parse().unwrap());
    (sums, eur)
}

fn json(metric: Metric) -> String {
    let (sums, eur) = sums();
    serde_json::to_string(&metric.value(
        &sums,
        eur,
        eur,
        Distincts {
            visitors: 7,
            sessions: 9,
            customers: 3,
            new_customers: 2,
            returning_customers: 1,
        },
    ))
    .unwrap()
}

#[test]
fn values_follow_their_formulas() {
    assert_eq!(json(Metric::Impressions), "10000");
    assert_eq!(json(Metric::Ctr), "0.0046");
    assert_eq!(json(Metric::Spend), r#""12.50""#);
    assert_eq!(json(Metric::Cpm), r#""1.25""#);
    assert_eq!(json(Metric::Cpc), r#""0.271739""#);
    assert_eq!(json(Metric::Visitors), "7");
    assert_eq!(json(Metric::Sessions), "9");
    assert_eq!(json(Metric::Customers), "3");
    assert_eq!(json(Metric::NewCustomers), "2");
    assert_eq!(json(Metric::ReturningCustomers), "1");
    assert_eq!(json(Metric::Erpm), r#""0.00""#);
}

#[test]
fn money_is_divided_by_counts_of_its_own_currency() {
    let eur = "EUR".parse().unwrap();
    let usd = "USD".parse().unwrap();
    let mut sums = Sums::default();
    for (currency, amount) in [(eur, "100"), (usd, "50"), (usd, "50")] {
        sums.add_count(Counter::Orders, Some(currency), 1);
        sums.add_money(MoneySum::Sales, currency, amount.parse().unwrap());
    }
    let aov = |currency| Metric::Aov.value(&sums, currency, eur, Distincts::default());
    assert_eq!(aov(eur), Value::Money("100".parse().unwrap()));
    assert_eq!(aov(usd), Value::Money("50".parse().unwrap()));
    assert_eq!(Metric::Orders.value(&sums, usd, eur, Distincts::default()), Value::Count(3));
}

#[test]
fn only_metrics_of_orders_have_a_type_of_customer() {
    let metrics = Metric::ALL.into_iter();
    let metrics = metrics.filter(|metric| metric.combines_with(&Dimension::CustomerType));
    let names: Vec<_> = metrics.map(Metric::as_str).collect();
    assert_eq!(
        names,
        [
            "orders",
            "units_sold",
            "sales",
            "new_customers",
            "returning_customers",
            "new_to_brand_orders",
            "new_to_brand_sales",
            "new_to_brand_rate",
            "aov",
        ]
    );
}

#[test]
fn counters_that_divide_money_are_marked() {
    for counter in Counter::ALL {
        let divides = Metric::ALL.into_iter().any(|metric| match metric.row().2 {
            Rule::MoneyPer(_, below) | Rule::MoneyPerThousand(_, below) => below == counter,
            _ => false,
        });
        assert_eq!(counter.divides_money(), divides, "{}", counter.as_str());
    }
}

#[test]
fn a_zero_denominator_is_null() {
    for metric in [Metric::Cpo, Metric::Aov, Metric::Acos] {
        assert_eq!(json(metric), "null", "{}", metric.as_str());
    }
    let nothing = Sums::default();
    let eur = "EUR".parse().unwrap();
    for metric in Metric::ALL {
        if metric.additivity() == Additivity::RatioOfSums {
            assert_eq!(
                metric.value(&nothing, eur, eur, Distincts::default()),
                Value::Null,
                "{}",
                metric.as_str()
            );
        }
    }
}

#[test]
fn known_names_parse_and_others_are_refused_with_the_list() {
    for metric in Metric::ALL {
        assert_eq!(metric.as_str().parse(), Ok(metric));
    }
    let refused = "ctrr".parse::<Metric>().unwrap_err().to_string();
    assert!(refused.contains("`ctrr`") && refused.contains("conversion_rate"));
}

#[test]
fn what_depends_on_other_events_is_marked() {
    let marked = Metric::ALL.into_iter().filter(|metric| metric.depends_on_other_events());
    let names: Vec<_> = marked.map(Metric::as_str).collect();
    assert_eq!(
        names,
        [
            "new_customers",
            "returning_customers",
            "new_to_brand_orders",
            "new_to_brand_sales",
            "new_to_brand_rate",
            "tacos",
        ]
    );
}

#[test]
fn tacos_divides_by_the_sales_of_the_whole_shop_whose_currencies_are_not_listed() {
    let [eur, usd]: [Currency; 2] = ["EUR", "USD"].map(|code| code.parse().unwrap());
    let mut shop = Sums::default();
    shop.add_money(MoneySum::Sales, eur, "50".parse().unwrap());
    shop.add_money(MoneySum::Sales, usd, "7".parse().unwrap());
    let mut segment = Sums::default();
    segment.add_money(MoneySum::Spend, eur, "5".parse().unwrap());
    segment.add_money(MoneySum::Sales, eur, "10".parse().unwrap());
    let value = |sums: &Sums, metric: Metric| metric.value(sums, eur, eur, Distincts::default());
    assert_eq!(value(&segment, Metric::Tacos), Value::Null);
    segment.merge(&shop.as_total_sales());
    assert_eq!(value(&segment, Metric::Tacos), Value::Ratio(0.1));
    assert_eq!(value(&segment, Metric::Acos), Value::Ratio(0.5));
    assert!(segment.other_currencies(eur).is_empty());
    assert!(!Metric::Tacos.is_live() && Metric::Acos.is_live());
}

#[test]
fn net_sales_are_negative_where_more_is_paid_back_than_sold() {
    let eur = "EUR".parse().unwrap();
    let usd = "USD".parse().unwrap();
    let mut sums = Sums::default();
    sums.add_money(MoneySum::Sales, eur, "10".parse().unwrap());
    sums.add_money(MoneySum::Refunded, eur, "12.5".parse().unwrap());
    sums.add_money(MoneySum::Sales, usd, "3".parse().unwrap());
    let net = |currency| Metric::NetSales.value(&sums, currency, eur, Distincts::default());
    assert_eq!(net(eur), Value::Money("-2.50".parse().unwrap()));
    assert_eq!(net(usd), Value::Money("3".parse().unwrap()));
    let of_refunds = Metric::ALL.into_iter().filter(|metric| metric.needs_refunds());
    assert!(of_refunds.eq([Metric::RefundAmount, Metric::NetSales]));
    assert!(!Metric::NetSales.is_live() && Metric::Sales.is_live());
}

#[test]
fn metrics_of_credit_are_computed_from_credit_and_spend_alone() {
    let [eur, usd]: [Currency; 2] = ["EUR", "USD"].map(|code| code.parse().unwrap());
    let mut sums = Sums::default();
    sums.add_count(Counter::AttributedOrders, None, 28_109_995);
    sums.add_quantity(QuantitySum::AttributedUnits, "2.5".parse().unwrap());
    for (sum, amount) in [
        (MoneySum::AttributedSales, "60.01"),
        (MoneySum::AttributedNetSales, "50"),
        (MoneySum::PromotedSales, "10.01"),
        (MoneySum::HaloSales, "50"),
        (MoneySum::AssistedSales, "7"),
        (MoneySum::Spend, "12.5"),
    ] {
        sums.add_money(sum, eur, amount.parse().unwrap());
    }
    sums.add_money(MoneySum::AttributedSales, usd, "3".parse().unwrap());
    let shown = Metric::ATTRIBUTED.map(|metric| {
        let value = metric.value(&sums, eur, eur, Distincts::default());
        format!("{} {}", metric.as_str(), serde_json::to_string(&value).unwrap())
    });
    assert_eq!(
        shown,
        [
            "attributed_orders 28.109995",
            "attributed_units 2.5",
            r#"attributed_sales "60.01""#,
            r#"attributed_net_sales "50.00""#,
            r#"promoted_sales "10.01""#,
            r#"halo_sales "50.00""#,
            r#"assisted_sales "7.00""#,
            "attributed_roas 4.8008",
            "attributed_acos 0.2082986168971838",
        ]
    );
    let declared = Metric::Sales.value(&sums, eur, eur, Distincts::default());
    assert_eq!(declared, Value::Money("0".parse().unwrap()));
    assert_eq!(sums.other_currencies(eur), [usd].into());
}

#[test]
fn credit_is_asked_by_its_own_names_and_by_dimensions_of_ads() {
    for metric in Metric::ATTRIBUTED {
        assert!(metric.is_attributed() && !metric.is_live() && !metric.counts_events());
        assert_eq!(Metric::named(metric.as_str()), Some(metric));
        assert!(metric.as_str().parse::<Metric>().is_err(), "{}", metric.as_str());
        let refused = Dimension::ALL.into_iter().filter(|one| !metric.combines_with(one));
        let refused: Vec<_> = refused.map(|one| one.as_str().to_owned()).collect();
        assert_eq!(refused, ["advertiser", "product", "brand", "category", "customer_type"]);
    }
    assert!(Metric::ALL.into_iter().all(|metric| !metric.is_attributed()));
}
