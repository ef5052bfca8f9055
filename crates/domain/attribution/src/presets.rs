//! The habits of the market. What a source does not say follows [`Rule::STANDARD`].

use crate::{AttributionModel, MatchLevel, Rule, ViewEvent};

/// Returns a rule of last touch in which a click beats any view.
const fn days(click: i64, view: i64, level: MatchLevel) -> Rule {
    Rule {
        model: AttributionModel::LastTouch,
        click_window: click * Rule::DAY,
        view_window: view * Rule::DAY,
        level,
        view_level: level,
        view_event: ViewEvent::Impression,
        click_beats_view: true,
    }
}

impl Rule {
    /// Footfall's own rule: last touch, same SKU, clicks of 14 days, views of 1 day.
    pub const STANDARD: Self = days(14, 1, MatchLevel::SameSku);

    /// Criteo's default for onsite sponsored products: clicks of 30 days in the same category, views
    /// of 1 day of the same SKU.
    ///
    /// Source: Criteo Retail Media API v2026.01, revenue report of the supply side.
    pub const CRITEO_SPONSORED_PRODUCTS: Self =
        days(30, 1, MatchLevel::Category).with_view_match(MatchLevel::SameSku);

    /// Criteo's default for onsite display: clicks and views of 14 days in the same category.
    ///
    /// Source: Criteo Retail Media API v2026.01, revenue report of the supply side.
    pub const CRITEO_DISPLAY: Self = days(14, 14, MatchLevel::Category);

    /// Amazon sponsored products of a seller: clicks of 7 days, with the halo of the brand.
    ///
    /// Sources: the 7 days from secondary sources on Amazon's console; clicks only, and the brand's
    /// other SKUs, from the columns of Amazon Ads API v3. Amazon reports it by date of interaction.
    pub const AMAZON_SPONSORED_PRODUCTS: Self = days(7, 0, MatchLevel::Brand);

    /// Amazon sponsored products of a vendor: clicks of 14 days, with the halo of the brand.
    ///
    /// Sources: those of [`Self::AMAZON_SPONSORED_PRODUCTS`].
    pub const AMAZON_SPONSORED_PRODUCTS_VENDOR: Self = days(14, 0, MatchLevel::Brand);

    /// Amazon sponsored display, paid by viewable impressions: clicks and viewable views of 14 days,
    /// with the halo of the brand.
    ///
    /// Source: the columns of Amazon Ads API v3 (`purchasesViews`: 14 days; vCPM counts views too).
    pub const AMAZON_SPONSORED_DISPLAY: Self =
        days(14, 14, MatchLevel::Brand).with_view_event(ViewEvent::Viewable);

    /// Walmart sponsored search: clicks of 14 days, with the halo of the brand.
    ///
    /// Sources: Walmart Connect's advertiser reports (14 days by default; 3 and 30 on request) and its
    /// parameter definitions (views discontinued on 2021-03-01, a column for the brand's revenue).
    pub const WALMART_SEARCH: Self = days(14, 0, MatchLevel::Brand);

    /// Walmart display: clicks and views of 14 days, with the halo of the brand.
    ///
    /// Source: Walmart Connect's parameter definitions ("within 14 days of ad exposure"; 30 days also).
    pub const WALMART_DISPLAY: Self = days(14, 14, MatchLevel::Brand);

    /// Last click of Google Analytics 4: clicks of 90 days, on anything.
    ///
    /// Source: Google Analytics 4, attribution settings (90 days; 30 for acquisition). Its engaged
    /// views of video, of 3 days, are not part of this rule.
    pub const GA4_LAST_CLICK: Self = days(90, 0, MatchLevel::Any);

    /// IAB Europe, commerce media measurement standards V2: 30 days.
    ///
    /// Source: `ExchangeWire` on V2, a secondary source. It gives a look-back window only, so this rule
    /// has no views, and matches the same SKU.
    pub const IAB_EUROPE: Self = days(30, 0, MatchLevel::SameSku);

    /// All of these rules, with their names in requests.
    pub const PRESETS: [(&'static str, Self); 10] = [
        ("standard", Self::STANDARD),
        ("criteo_sponsored_products", Self::CRITEO_SPONSORED_PRODUCTS),
        ("criteo_display", Self::CRITEO_DISPLAY),
        ("amazon_sponsored_products", Self::AMAZON_SPONSORED_PRODUCTS),
        ("amazon_sponsored_products_vendor", Self::AMAZON_SPONSORED_PRODUCTS_VENDOR),
        ("amazon_sponsored_display", Self::AMAZON_SPONSORED_DISPLAY),
        ("walmart_search", Self::WALMART_SEARCH),
        ("walmart_display", Self::WALMART_DISPLAY),
        ("ga4_last_click", Self::GA4_LAST_CLICK),
        ("iab_europe", Self::IAB_EUROPE),
    ];
}

impl Default for Rule {
    fn default() -> Self {
        Self::STANDARD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_valid_rule() {
        for (name, rule) in Rule::PRESETS {
            let valid = Rule::new(rule.model, rule.click_window, rule.view_window, rule.level);
            let valid = valid.unwrap();
            let same = valid.with_view_match(rule.view_level).with_view_event(rule.view_event);
            assert_eq!(same, rule, "{name}");
        }
    }

    #[test]
    fn presets_have_the_windows_and_levels_of_the_market() {
        let rows = Rule::PRESETS.map(|(name, rule)| {
            let (clicks, views) = (rule.click_window / Rule::DAY, rule.view_window / Rule::DAY);
            let (level, view_level) = (rule.level.as_str(), rule.view_level.as_str());
            format!("{name}: {clicks} d {level}, {views} d {view_level}")
        });
        assert_eq!(
            rows,
            [
                "standard: 14 d same_sku, 1 d same_sku",
                "criteo_sponsored_products: 30 d category, 1 d same_sku",
                "criteo_display: 14 d category, 14 d category",
                "amazon_sponsored_products: 7 d brand, 0 d brand",
                "amazon_sponsored_products_vendor: 14 d brand, 0 d brand",
                "amazon_sponsored_display: 14 d brand, 14 d brand",
                "walmart_search: 14 d brand, 0 d brand",
                "walmart_display: 14 d brand, 14 d brand",
                "ga4_last_click: 90 d any, 0 d any",
                "iab_europe: 30 d same_sku, 0 d same_sku",
            ]
        );
        assert_eq!(Rule::default(), Rule::STANDARD);
    }
}
