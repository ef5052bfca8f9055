use std::collections::BTreeSet;

use auth::{KeyKind, Role};
use chrono_tz::Tz;
use control_plane::Advertiser;
use metrics::{DeclaredDimension, PropertyType};
use money::{Currency, CurrencyError};
use problem::FieldError;
use tenancy::{AdvertiserId, CampaignId, ClientId, ClusterName, Isolation, Origin};

use super::{
    field::Fields,
    file::{CampaignFile, DimensionFile, KeyFile, LimitsFile, TenantFile, UserFile},
    limits::{RetentionFile, check_numbers},
};
use crate::names::{DisplayName, Email};

/// The most origins of a tenant.
const MAX_ORIGINS: usize = 50;

/// A [`TenantFile`] that is valid on its own. Its lists have the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct TenantOrder {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) isolation: Isolation,
    pub(crate) cluster: ClusterName,
    pub(crate) time_zone: Tz,
    pub(crate) currency: Currency,
    /// Sorted by text.
    pub(crate) origins: Option<Vec<Origin>>,
    pub(crate) retention: RetentionFile,
    pub(crate) limits: LimitsFile,
    pub(crate) advertisers: Vec<Advertiser>,
    pub(crate) campaigns: Vec<CampaignOrder>,
    pub(crate) dimensions: Vec<DeclaredDimension>,
    pub(crate) users: Vec<UserOrder>,
    pub(crate) keys: Vec<KeyOrder>,
}

#[derive(Clone, Debug)]
pub(crate) struct CampaignOrder {
    pub(crate) campaign_id: CampaignId,
    pub(crate) name: String,
    pub(crate) advertiser_id: Option<AdvertiserId>,
}

/// A user to invite.
#[derive(Clone, Debug)]
pub(crate) struct UserOrder {
    /// In lower case.
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) advertiser_id: Option<AdvertiserId>,
}

/// A key to create.
#[derive(Clone, Debug)]
pub(crate) struct KeyOrder {
    pub(crate) name: String,
    pub(crate) kind: KeyKind,
    pub(crate) campaigns: Option<Vec<CampaignId>>,
}

impl TenantOrder {
    /// Parses every field. Returns all errors.
    pub(crate) fn from_file(file: &TenantFile) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::default();
        let client_id = fields.parse("/id", &file.id);
        let name = fields.owned::<DisplayName>("/name", &file.name);
        let isolation = isolation(&mut fields, &file.isolation);
        let cluster = fields.parse("/cluster", &file.cluster);
        let time_zone = file.time_zone.parse::<Tz>().ok();
        let zone = "must be an IANA time zone such as Europe/Warsaw";
        fields.must(time_zone.is_some(), "/time_zone", zone);
        let currency = fields.parse("/currency", &file.currency);
        let is_listed = currency.is_none_or(Currency::is_listed);
        fields.must(is_listed, "/currency", &CurrencyError.to_string());
        let origins = file.origins.as_deref().map(|texts| origins(&mut fields, texts));
        let retention = RetentionFile {
            retention_days: file.retention_days,
            rollup_retention_days: file.rollup_retention_days,
        };
        check_numbers(&mut fields, &file.limits, retention);

        let advertisers: Vec<_> = numbered("advertisers", &file.advertisers)
            .filter_map(|(place, advertiser)| {
                let pointer = format!("{place}/id");
                fields.once("advertiser", &pointer, &advertiser.id);
                let name = fields.owned::<DisplayName>(&format!("{place}/name"), &advertiser.name);
                let advertiser_id = fields.parse(&pointer, &advertiser.id)?;
                Some(Advertiser { advertiser_id, name: name?.into() })
            })
            .collect();
        // As texts, so that an error in an advertiser's id is reported once.
        let known = file.advertisers.iter().map(|advertiser| advertiser.id.as_str()).collect();
        let campaigns = numbered("campaigns", &file.campaigns)
            .filter_map(|(place, order)| campaign(&mut fields, &place, order, &known))
            .collect();
        let dimensions = numbered("dimensions", &file.dimensions)
            .filter_map(|(place, order)| dimension(&mut fields, &place, order))
            .collect();
        let users = numbered("users", &file.users)
            .filter_map(|(place, order)| user(&mut fields, &place, order, &known))
            .collect();
        let keys = numbered("keys", &file.keys)
            .filter_map(|(place, order)| key(&mut fields, &place, order))
            .collect();

        let errors = fields.into_errors();
        match (client_id, name, isolation, cluster, time_zone, currency) {
            (
                Some(client_id),
                Some(name),
                Some(isolation),
                Some(cluster),
                Some(time_zone),
                Some(currency),
            ) if errors.is_empty() => Ok(Self {
                client_id,
                name: name.into(),
                isolation,
                cluster,
                time_zone,
                currency,
                origins,
                retention,
                limits: file.limits.clone(),
                advertisers,
                campaigns,
                dimensions,
                users,
                keys,
            }),
            _ => Err(errors),
        }
    }
}

/// Returns each element with its pointer.
fn numbered<'a, T>(list: &'static str, of: &'a [T]) -> impl Iterator<Item = (String, &'a T)> {
    of.iter().enumerate().map(move |(index, element)| (format!("/{list}/{index}"), element))
}

fn isolation(fields: &mut Fields, text: &str) -> Option<Isolation> {
    let found = Isolation::ALL.into_iter().find(|tier| tier.as_str() == text);
    fields.must(found.is_some(), "/isolation", "must be one of shared, schema, dedicated");
    found
}

/// Parses the origins: sorted by text, each once.
fn origins(fields: &mut Fields, texts: &[String]) -> Vec<Origin> {
    fields.must(texts.len() <= MAX_ORIGINS, "/origins", "must be at most 50 origins");
    let parsed: BTreeSet<_> = numbered("origins", texts)
        .filter_map(|(place, text)| {
            let origin: Origin = fields.parse(&place, text)?;
            fields.once("origin", &place, origin.as_str());
            Some(origin)
        })
        .collect();
    parsed.into_iter().collect()
}

fn advertiser(
    fields: &mut Fields,
    pointer: &str,
    id: Option<&str>,
    known: &BTreeSet<&str>,
) -> Option<AdvertiserId> {
    let id = id?;
    let reason = "must be the id of one of the advertisers of this file";
    fields.must(known.contains(id), pointer, reason);
    id.parse().ok()
}

fn campaign(
    fields: &mut Fields,
    place: &str,
    order: &CampaignFile,
    known: &BTreeSet<&str>,
) -> Option<CampaignOrder> {
    let pointer = format!("{place}/id");
    fields.once("campaign", &pointer, &order.id);
    let campaign_id = fields.parse(&pointer, &order.id);
    let name = fields.owned::<DisplayName>(&format!("{place}/name"), &order.name);
    let pointer = format!("{place}/advertiser");
    let advertiser_id = advertiser(fields, &pointer, order.advertiser.as_deref(), known);
    Some(CampaignOrder { campaign_id: campaign_id?, name: name?.into(), advertiser_id })
}

fn dimension(fields: &mut Fields, place: &str, order: &DimensionFile) -> Option<DeclaredDimension> {
    let pointer = format!("{place}/name");
    fields.once("dimension", &pointer, &order.name);
    let name = fields.parse(&pointer, &order.name);
    let property = fields.parse(&format!("{place}/pointer"), &order.pointer);
    let kind = match &order.kind {
        Some(kind) => fields.parse(&format!("{place}/type"), kind),
        None => Some(PropertyType::String),
    };
    Some(DeclaredDimension { name: name?, pointer: property?, kind: kind? })
}

fn user(
    fields: &mut Fields,
    place: &str,
    order: &UserFile,
    known: &BTreeSet<&str>,
) -> Option<UserOrder> {
    let pointer = format!("{place}/email");
    let email = fields.owned::<Email>(&pointer, &order.email);
    if let Some(email) = &email {
        fields.once("user", &pointer, email.as_str());
    }
    let role = order.role.parse().ok().filter(|role| *role != Role::PlatformAdmin);
    let reason = "must be one of owner, analyst, advertiser";
    fields.must(role.is_some(), &format!("{place}/role"), reason);
    let pointer = format!("{place}/advertiser");
    let advertiser_id = advertiser(fields, &pointer, order.advertiser.as_deref(), known);
    match (role, &order.advertiser) {
        (Some(Role::Advertiser), None) => {
            fields.fault(&pointer, "must name the advertiser this user belongs to");
        }
        (Some(Role::Owner | Role::Analyst), Some(_)) => {
            fields.fault(&pointer, "must be left out: only the role advertiser has one");
        }
        _ => {}
    }
    Some(UserOrder { email: email?.into(), role: role?, advertiser_id })
}

fn key(fields: &mut Fields, place: &str, order: &KeyFile) -> Option<KeyOrder> {
    let pointer = format!("{place}/name");
    let name = fields.owned::<DisplayName>(&pointer, &order.name);
    if let Some(name) = &name {
        fields.once("key", &pointer, name.as_str());
    }
    let kind = fields.parse::<KeyKind>(&format!("{place}/kind"), &order.kind);
    let campaigns = order.campaigns.as_ref().map(|ids| {
        let ids = ids.iter().enumerate();
        ids.filter_map(|(index, id)| fields.parse(&format!("{place}/campaigns/{index}"), id))
            .collect()
    });
    let limited = campaigns.is_none() || kind.is_none_or(|kind| kind == KeyKind::Read);
    let reason = "must be left out: only keys of kind read are limited to campaigns";
    fields.must(limited, &format!("{place}/campaigns"), reason);
    Some(KeyOrder { name: name?.into(), kind: kind?, campaigns })
}
