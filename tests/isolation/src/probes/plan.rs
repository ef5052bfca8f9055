use std::collections::HashMap;

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::{
    probe::{Aim, Probe},
    ways::Way,
};
use crate::{
    routes::Route,
    stand::{Shop, Who},
};

/// The most probes of a route that leaves something behind when it accepts one.
const LASTING: usize = 24;
/// The credentials that carry ids of others in unusual places.
const SMUGGLERS: [Who; 5] = [Who::Owner, Who::Analyst, Who::Advertiser, Who::Read, Who::Collect];

/// Returns all probes in an order of `seed`, in which each beginning has about as many of every route.
pub(super) fn plan<'a>(
    routes: &'a [Route],
    attackers: &'a [Shop],
    victims: &'a [Shop],
    seed: u64,
) -> Vec<Probe<'a>> {
    let mut probes = Vec::new();
    for by in attackers {
        for route in routes {
            direct(&mut probes, route, by, victims);
            smuggled(&mut probes, route, by, victims);
        }
    }
    probes.shuffle(&mut StdRng::seed_from_u64(seed));
    let mut turns = HashMap::<_, usize>::new();
    let mut in_turn: Vec<_> = probes
        .into_iter()
        .map(|probe| {
            let turn = turns.entry((probe.route.method.clone(), &probe.route.path)).or_default();
            *turn += 1;
            (*turn, probe)
        })
        .filter(|(turn, probe)| *turn <= LASTING || !probe.route.is_lasting())
        .collect();
    in_turn.sort_by_key(|(turn, _)| *turn);
    in_turn.into_iter().map(|(_, probe)| probe).collect()
}

/// Adds every credential with every kind of id.
fn direct<'a>(probes: &mut Vec<Probe<'a>>, route: &'a Route, by: &'a Shop, victims: &'a [Shop]) {
    // A request that names nothing is the same for all victims.
    let targets = if route.names_something() { victims.len() } else { 1 };
    for credential in &by.credentials {
        let mut add = |aim, target| {
            probes.push(Probe { route, by, credential, aim, target, way: Way::Plain });
        };
        // An admin may change tenants: it only reads here.
        if credential.who == Who::Admin && route.path.contains("/admin/") && !route.only_reads() {
            continue;
        }
        if route.only_reads() {
            add(Aim::Own, by);
        }
        if route.has_ids() {
            add(Aim::Deleted, by);
        }
        if route.path.starts_with("/v1/campaigns/{id}") && credential.who.is_limited() {
            add(Aim::Rival, by);
        }
        for target in victims.iter().take(targets) {
            add(Aim::Foreign, target);
        }
    }
}

/// Adds ids of others wherever a request to the route has room for them.
fn smuggled<'a>(probes: &mut Vec<Probe<'a>>, route: &'a Route, by: &'a Shop, victims: &'a [Shop]) {
    let credentials = by.credentials.iter().filter(|one| SMUGGLERS.contains(&one.who));
    for credential in credentials {
        for (way, target) in Way::all().into_iter().zip(victims.iter().cycle()) {
            if way.fits(route, credential) {
                probes.push(Probe { route, by, credential, aim: Aim::Foreign, target, way });
            }
        }
    }
}
