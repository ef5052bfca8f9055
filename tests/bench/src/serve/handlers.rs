use actix_web::{
    App, HttpResponse, HttpServer,
    web::{Bytes, get, post},
};
use serde::Deserialize;

use crate::Failure;

/// The fields that a parser must at least find, borrowed from the body.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    event_id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    event_time: &'a str,
    visitor_id: Option<&'a str>,
    session_id: Option<&'a str>,
    campaign_id: Option<&'a str>,
    ad_id: Option<&'a str>,
    creative_id: Option<&'a str>,
    placement: Option<&'a str>,
    page_type: Option<&'a str>,
    keyword: Option<&'a str>,
    cost: Option<&'a str>,
    #[serde(default)]
    items: Vec<Item<'a>>,
    order_id: Option<&'a str>,
    revenue: Option<&'a str>,
    currency: Option<&'a str>,
    url: Option<&'a str>,
    referrer: Option<&'a str>,
    user_agent: Option<&'a str>,
    device: Option<&'a str>,
    country: Option<&'a str>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    product_id: &'a str,
    brand: Option<&'a str>,
    category: Option<&'a str>,
    quantity: f64,
    price: Option<&'a str>,
}

impl Event<'_> {
    /// Returns a number that depends on every field, so that none is optimised away.
    fn weight(&self) -> usize {
        let required = [self.event_id, self.event_type, self.event_time].map(str::len);
        let optional = [
            self.visitor_id,
            self.session_id,
            self.campaign_id,
            self.ad_id,
            self.creative_id,
            self.placement,
            self.page_type,
            self.keyword,
            self.cost,
            self.order_id,
            self.revenue,
            self.currency,
            self.url,
            self.referrer,
            self.user_agent,
            self.device,
            self.country,
        ];
        let items = self.items.iter().map(|item| {
            let texts = [item.brand, item.category, item.price];
            item.product_id.len() + item.quantity as usize + length(&texts)
        });
        required.iter().sum::<usize>() + length(&optional) + items.sum::<usize>()
    }
}

fn length(texts: &[Option<&str>]) -> usize {
    texts.iter().flatten().map(|text| text.len()).sum()
}

/// Serves on as many threads as there are cores.
pub(super) async fn serve(bind: &str) -> Result<(), Failure> {
    let routes = || App::new().route("/", get().to(hello)).route("/events", post().to(parse));
    Ok(HttpServer::new(routes).bind(bind)?.run().await?)
}

async fn hello() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"message":"hello"}"#)
}

async fn parse(body: Bytes) -> HttpResponse {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let weights =
        lines.map(|line| serde_json::from_slice::<Event<'_>>(line).map(|event| event.weight()));
    match weights.sum::<Result<usize, _>>() {
        Ok(weight) => HttpResponse::Accepted().body(format!(r#"{{"weight":{weight}}}"#)),
        Err(error) => HttpResponse::BadRequest().body(error.to_string()),
    }
}
