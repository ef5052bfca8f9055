use control_plane::{Inventory, TenantSpec};
use tenancy::{Limits, Origin, Placement, TenantState};

use super::{
    current::Known,
    field::Fields,
    file::LimitsFile,
    limits::check_partition_spread,
    order::{KeyOrder, TenantOrder, UserOrder},
    quotas,
    step::Change,
};
use crate::dimensions::MOST_DECLARED;

/// The default retention of raw events: two years.
const RETENTION_DAYS: u32 = 730;
/// The default retention of rollups: 25 months.
const ROLLUP_RETENTION_DAYS: u32 = 761;

/// Returns the changes that one order needs, in the order in which they must be applied.
pub(super) fn changes(
    fields: &mut Fields,
    order: &TenantOrder,
    known: Option<&Known>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let nothing = Inventory::default();
    let (inventory, state) = match known {
        None => {
            changes.push(Change::CreateTenant {
                spec: spec(order, None),
                isolation: order.isolation,
                cluster: order.cluster.clone(),
            });
            (&nothing, TenantState::Provisioning)
        }
        Some(known) => {
            check_placement(fields, order, known);
            check_partition_spread(fields, order.limits.partition_spread, &known.detail);
            changes.extend(update(order, known));
            (&known.inventory, known.detail.record.state)
        }
    };
    changes.extend(catalogue_changes(order, inventory));
    changes.extend(dimension_changes(fields, order, inventory));
    let half_made = state == TenantState::Provisioning;
    if half_made {
        let placement = Placement {
            isolation: order.isolation,
            cluster: order.cluster.clone(),
            route_version: 1,
        };
        changes.push(Change::Provision { destination: placement.destination(&order.client_id) });
    }
    for (index, user) in order.users.iter().enumerate() {
        let pointer = format!("/users/{index}");
        changes.extend(invitation(fields, &pointer, user, inventory, half_made));
    }
    for (index, key) in order.keys.iter().enumerate() {
        changes.extend(new_key(fields, &format!("/keys/{index}"), key, inventory, half_made));
    }
    if half_made {
        changes.push(Change::Activate);
    }
    changes
}

fn check_placement(fields: &mut Fields, order: &TenantOrder, known: &Known) {
    let placement = &known.detail.record.placement;
    let isolation = placement.isolation.as_str();
    let cluster = &placement.cluster;
    let moved = "`footfall tenant move` moves a tenant, and then its file is changed";
    if order.isolation != placement.isolation {
        fields.fault("/isolation", format!("must stay {isolation}: {moved}"));
    }
    if order.cluster != *cluster {
        fields.fault("/cluster", format!("must stay {cluster}: {moved}"));
    }
}

fn spec(order: &TenantOrder, known: Option<&Known>) -> TenantSpec {
    let limits = known.map_or_else(Limits::default, |known| known.detail.record.limits);
    let retention_days = known.map_or(RETENTION_DAYS, |known| known.detail.retention_days);
    let rollup_retention_days =
        known.map_or(ROLLUP_RETENTION_DAYS, |known| known.detail.rollup_retention_days);
    let LimitsFile {
        events_per_second,
        concurrent_queries,
        query_seconds,
        query_memory_mib,
        query_rows,
        live_streams,
        partition_spread,
        quotas: quotas_file,
    } = order.limits;
    let events_per_second = events_per_second.unwrap_or(limits.events_per_second);
    let default_spread =
        known.map_or_else(|| Limits::spread_for(events_per_second), |_| limits.partition_spread);
    TenantSpec {
        client_id: order.client_id.clone(),
        name: order.name.clone(),
        limits: Limits {
            events_per_second,
            concurrent_queries: concurrent_queries.unwrap_or(limits.concurrent_queries),
            query_seconds: query_seconds.unwrap_or(limits.query_seconds),
            query_memory_mib: query_memory_mib.unwrap_or(limits.query_memory_mib),
            query_rows: query_rows.unwrap_or(limits.query_rows),
            live_streams: live_streams.unwrap_or(limits.live_streams),
            partition_spread: partition_spread.unwrap_or(default_spread),
            quotas: quotas::changed(limits.quotas, &quotas_file),
        },
        retention_days: order.retention.retention_days.unwrap_or(retention_days),
        rollup_retention_days: order
            .retention
            .rollup_retention_days
            .unwrap_or(rollup_retention_days),
        time_zone: order.time_zone,
        currency: order.currency,
        origins: order.origins.clone().unwrap_or_else(|| known.map(origins).unwrap_or_default()),
    }
}

fn origins(known: &Known) -> Vec<Origin> {
    known.detail.record.origins.to_vec()
}

fn listed(origins: &[Origin]) -> String {
    let texts: Vec<_> = origins.iter().map(Origin::as_str).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(" ") }
}

fn update(order: &TenantOrder, known: &Known) -> Option<Change> {
    let old = &known.detail;
    let new = spec(order, Some(known));
    let was = &old.record.limits;
    let is = &new.limits;
    let pairs = [
        ("name", old.record.name.clone(), new.name.clone()),
        ("time zone", old.record.time_zone.to_string(), new.time_zone.to_string()),
        ("currency", old.record.currency.to_string(), new.currency.to_string()),
        ("origins", listed(&old.record.origins), listed(&new.origins)),
        ("retention days", old.retention_days.to_string(), new.retention_days.to_string()),
        (
            "rollup retention days",
            old.rollup_retention_days.to_string(),
            new.rollup_retention_days.to_string(),
        ),
        ("events per second", was.events_per_second.to_string(), is.events_per_second.to_string()),
        (
            "concurrent queries",
            was.concurrent_queries.to_string(),
            is.concurrent_queries.to_string(),
        ),
        ("query seconds", was.query_seconds.to_string(), is.query_seconds.to_string()),
        ("query memory mib", was.query_memory_mib.to_string(), is.query_memory_mib.to_string()),
        ("query rows", was.query_rows.to_string(), is.query_rows.to_string()),
        ("live streams", was.live_streams.to_string(), is.live_streams.to_string()),
        ("partition spread", was.partition_spread.to_string(), is.partition_spread.to_string()),
    ];
    let differences: Vec<_> = pairs
        .into_iter()
        .chain(quotas::differences(was.quotas, is.quotas))
        .filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| format!("{name} {was} -> {is}"))
        .collect();
    (!differences.is_empty()).then_some(Change::UpdateTenant { spec: new, differences })
}

fn catalogue_changes(order: &TenantOrder, inventory: &Inventory) -> Vec<Change> {
    let advertisers = order.advertisers.iter().filter_map(|advertiser| {
        let known = inventory
            .advertisers
            .iter()
            .find(|known| known.advertiser_id == advertiser.advertiser_id);
        (known != Some(advertiser)).then(|| Change::PutAdvertiser {
            advertiser: advertiser.clone(),
            exists: known.is_some(),
        })
    });
    let campaigns = order.campaigns.iter().filter_map(|campaign| {
        let known =
            inventory.campaigns.iter().find(|known| known.campaign_id == campaign.campaign_id);
        let same = known.is_some_and(|known| {
            let same_advertiser =
                campaign.advertiser_id.is_none() || known.advertiser_id == campaign.advertiser_id;
            known.name == campaign.name && same_advertiser
        });
        (!same).then(|| Change::PutCampaign { campaign: campaign.clone(), exists: known.is_some() })
    });
    advertisers.chain(campaigns).collect()
}

fn dimension_changes(
    fields: &mut Fields,
    order: &TenantOrder,
    inventory: &Inventory,
) -> Vec<Change> {
    let mut total = inventory.dimensions.len();
    let mut changes = Vec::new();
    for dimension in &order.dimensions {
        let known = inventory.dimensions.iter().find(|known| known.name == dimension.name);
        let exists = known.is_some();
        total += usize::from(!exists);
        if known != Some(dimension) {
            changes.push(Change::DeclareDimension { dimension: dimension.clone(), exists });
        }
    }
    if total > MOST_DECLARED as usize {
        let reason = format!("must be at most {MOST_DECLARED}, with those that exist");
        fields.fault("/dimensions", reason);
    }
    changes
}

fn invitation(
    fields: &mut Fields,
    pointer: &str,
    user: &UserOrder,
    inventory: &Inventory,
    half_made: bool,
) -> Option<Change> {
    let Some(known) = inventory.users.iter().find(|known| known.email == user.email) else {
        return Some(Change::InviteUser { user: user.clone(), replaces: None });
    };
    if known.role != user.role {
        let reason = format!(
            "must stay {}: files invite users, they do not change them",
            known.role.as_str()
        );
        fields.fault(&format!("{pointer}/role"), reason);
    } else if known.advertiser_id != user.advertiser_id {
        let reason = "must stay as it is: files invite users, they do not change them";
        fields.fault(&format!("{pointer}/advertiser"), reason);
    }
    half_made.then(|| Change::InviteUser { user: user.clone(), replaces: Some(known.user_id) })
}

fn new_key(
    fields: &mut Fields,
    pointer: &str,
    key: &KeyOrder,
    inventory: &Inventory,
    half_made: bool,
) -> Option<Change> {
    // A revoked key remains revoked: no new key gets its name.
    let known = inventory.keys.iter().rev().find(|known| known.name == key.name);
    let replaces = known.is_some();
    if let Some(known) = known {
        if (known.kind, &known.campaigns) != (key.kind, &key.campaigns) {
            let reason = "must be another name: the key of this name has another kind or campaigns";
            fields.fault(&format!("{pointer}/name"), reason);
        }
        if !half_made {
            return None;
        }
    }
    Some(Change::MakeKey { key: key.clone(), replaces })
}
