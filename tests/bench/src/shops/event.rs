use std::fmt::{self, Write};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use super::choice::Choice;

const PLACEMENTS: [&str; 8] = [
    "home-top",
    "home-tile",
    "list-top",
    "list-inline",
    "search-top",
    "product-below",
    "cart",
    "app",
];
const COUNTRIES: [&str; 12] =
    ["DE", "AT", "CH", "FR", "NL", "PL", "IT", "ES", "BE", "CZ", "DK", "SE"];
const DEVICES: [&str; 3] = ["mobile", "desktop", "tablet"];
const PAGES: [&str; 6] = ["product", "list", "search", "home", "cart", "checkout"];
const CURRENCIES: [&str; 3] = ["EUR", "CHF", "PLN"];
const REFERRERS: [&str; 10] = [
    "www.google.com",
    "www.bing.com",
    "m.facebook.com",
    "www.instagram.com",
    "www.idealo.de",
    "news.example",
    "blog.example",
    "mail.example",
    "t.co",
    "duckduckgo.com",
];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15",
];

/// What happens, and how often of a hundred thousand events.
const KINDS: [(&str, u32); 10] = [
    ("ad_impression", 55_000),
    ("ad_viewable", 12_000),
    ("product_view", 11_000),
    ("page_view", 9_000),
    ("ad_click", 4_000),
    ("product_list_view", 4_000),
    ("add_to_cart", 3_400),
    ("begin_checkout", 900),
    ("purchase", 600),
    ("refund", 100),
];

/// How long before its request an event happened at most, in milliseconds.
const AGE_MS: i64 = 90_000;

/// The numbers of different things in the events of one shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) campaigns: usize,
    pub(crate) products: usize,
    pub(crate) visitors: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { campaigns: 20, products: 5_000, visitors: 50_000 }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { campaigns, products, visitors } = self;
        write!(
            out,
            "{campaigns} campaigns and {products} products (Zipf), {visitors} visitors a tenant"
        )
    }
}

/// The source of one shop's events. The same seed makes the same events, but for ids and times.
pub(crate) struct Shop {
    random: StdRng,
    sizes: Sizes,
    kinds: Choice,
    campaigns: Choice,
    products: Choice,
    placements: Choice,
    countries: Choice,
    devices: Choice,
    referrers: Choice,
    currencies: Choice,
}

impl Shop {
    /// Creates a shop.
    pub(crate) fn new(seed: u64, sizes: Sizes) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            sizes,
            kinds: Choice::weighted(KINDS.map(|(_, share)| f64::from(share))),
            campaigns: Choice::zipf(sizes.campaigns),
            products: Choice::zipf(sizes.products),
            placements: Choice::zipf(PLACEMENTS.len()),
            countries: Choice::zipf(COUNTRIES.len()),
            devices: Choice::weighted([0.62, 0.33, 0.05]),
            referrers: Choice::zipf(REFERRERS.len()),
            currencies: Choice::weighted([0.97, 0.02, 0.01]),
        }
    }

    /// Returns the JSON of the next event, which happened shortly before `now`.
    pub(crate) fn event(&mut self, now: DateTime<Utc>) -> String {
        let mut text = String::with_capacity(800);
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, now);
        text
    }

    /// Returns events as lines, one to each.
    pub(crate) fn lines(&mut self, count: usize, now: DateTime<Utc>) -> String {
        (0..count).map(|_| self.event(now) + "\n").collect()
    }

    fn write(&mut self, text: &mut String, now: DateTime<Utc>) -> fmt::Result {
        let kind =
            KINDS.get(self.kinds.pick(&mut self.random)).map_or("page_view", |(kind, _)| kind);
        let visitor = self.random.random_range(0..self.sizes.visitors.max(1));
        let visit = visitor.wrapping_mul(7) + self.random.random_range(0..3);
        let age = TimeDelta::milliseconds(self.random.random_range(0..AGE_MS));
        let time = (now - age).to_rfc3339_opts(SecondsFormat::Millis, true);
        let id = Uuid::now_v7();
        write!(text, r#"{{"event_id":"{id}","type":"{kind}","event_time":"{time}""#)?;
        write!(text, r#","visitor_id":"v-{visitor:08x}","session_id":"s-{visit:08x}""#)?;
        if kind.starts_with("ad_") {
            self.write_ad(text, kind)?;
        } else {
            self.write_page(text, kind)?;
        }
        let agent = pick(&AGENTS, visitor as usize % AGENTS.len());
        let device = pick(&DEVICES, self.devices.pick(&mut self.random));
        let country = pick(&COUNTRIES, self.countries.pick(&mut self.random));
        write!(text, r#","user_agent":"{agent}","device":"{device}","country":"{country}"}}"#)
    }

    /// Writes the fields of an ad and of its page.
    fn write_ad(&mut self, text: &mut String, kind: &str) -> fmt::Result {
        let campaign = self.campaigns.pick(&mut self.random);
        let ad = self.random.random_range(0..6);
        let placement = pick(&PLACEMENTS, self.placements.pick(&mut self.random));
        let product = self.products.pick(&mut self.random);
        write!(
            text,
            r#","campaign_id":"campaign-{campaign}","ad_id":"ad-{campaign}-{ad}","creative_id":"cr-{campaign}-{}","placement":"{placement}""#,
            ad % 3,
        )?;
        write!(
            text,
            r#","page_type":"list","url":"https://shop.example/list/{}?page={}""#,
            product % 40,
            ad + 1
        )?;
        match kind {
            "ad_impression" => write!(text, r#","cost":"0.00{:02}","currency":"EUR""#, 10 + ad * 7),
            "ad_click" => {
                write!(text, r#","cost":"0.{:02}","currency":"EUR","items":["#, 12 + ad * 5)?;
                self.write_item(text, product, 1)?;
                text.write_char(']')
            }
            _ => Ok(()),
        }
    }

    /// Writes the fields of a shop's page.
    fn write_page(&mut self, text: &mut String, kind: &str) -> fmt::Result {
        let product = self.products.pick(&mut self.random);
        let page = pick(&PAGES, product % PAGES.len());
        let referrer = pick(&REFERRERS, self.referrers.pick(&mut self.random));
        write!(
            text,
            r#","page_type":"{page}","url":"https://shop.example/p/{product}-article-name?ref=nav""#
        )?;
        write!(text, r#","referrer":"https://{referrer}/search?q=article+{}""#, product % 500)?;
        if page == "search" {
            write!(text, r#","keyword":"article {}""#, product % 500)?;
        }
        // An order or a view that an ad caused names its campaign.
        if self.random.random_ratio(1, 3) {
            let campaign = self.campaigns.pick(&mut self.random);
            write!(text, r#","campaign_id":"campaign-{campaign}""#)?;
        }
        let items = match kind {
            "page_view" => 0,
            "purchase" | "begin_checkout" => self.random.random_range(1..=5),
            "product_list_view" => self.random.random_range(2..=4),
            _ => 1,
        };
        if items > 0 {
            let currency = pick(&CURRENCIES, self.currencies.pick(&mut self.random));
            write!(text, r#","currency":"{currency}","items":["#)?;
            for item in 0..items {
                if item > 0 {
                    text.write_char(',')?;
                }
                let product = self.products.pick(&mut self.random);
                self.write_item(text, product, 1 + item % 2)?;
            }
            text.write_char(']')?;
        }
        if matches!(kind, "purchase" | "refund") {
            let order: u32 = self.random.random();
            write!(
                text,
                r#","order_id":"o-{order:08x}","revenue":"{}.{:02}""#,
                20 + order % 180,
                order % 100
            )?;
        }
        write!(
            text,
            r#","properties":{{"ab_test":"{}","in_stock":true}}"#,
            ["a", "b"].get(product % 2).unwrap_or(&"a")
        )
    }

    fn write_item(&mut self, text: &mut String, product: usize, quantity: u32) -> fmt::Result {
        write!(
            text,
            r#"{{"product_id":"sku-{product:06}","brand":"brand-{}","category":"category-{}","quantity":{quantity},"price":"{}.{:02}"}}"#,
            product % 120,
            product % 40,
            5 + product % 95,
            product % 100,
        )
    }
}

fn pick(names: &[&'static str], index: usize) -> &'static str {
    names.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use events::{EventType, ParseContext, parse};

    use super::*;

    #[test]
    fn every_event_is_accepted_without_a_warning() {
        let now = Utc::now();
        let context = ParseContext::new(&"acme".parse().unwrap(), "EUR".parse().unwrap(), now);
        let mut shop = Shop::new(1, Sizes::default());
        let mut kinds = std::collections::BTreeMap::new();
        for _ in 0..5_000 {
            let text = shop.event(now);
            let parsed = parse(text.as_bytes(), &context).unwrap_or_else(|error| {
                panic!("{text}: {error:?}");
            });
            assert!(parsed.warnings.is_empty(), "{text}: {:?}", parsed.warnings);
            *kinds.entry(parsed.event.event_type.as_str().to_owned()).or_insert(0) += 1;
        }
        assert!(kinds[EventType::AdImpression.as_str()] > 2_500, "{kinds:?}");
        assert!(kinds.len() >= 9, "{kinds:?}");
    }
}
