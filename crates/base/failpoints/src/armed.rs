use std::{
    process::abort,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::process::{Signal, getpid, kill_process};

use crate::Step;

const VARIABLE: &str = "FOOTFALL_FAILPOINTS";

static TRAPS: LazyLock<Vec<Trap>> = LazyLock::new(|| {
    let text = std::env::var(VARIABLE).unwrap_or_default();
    parse(&text).unwrap_or_else(|| abort())
});

/// The action to take when a step is reached for the `at`th time.
#[derive(Debug)]
struct Trap {
    step: Step,
    action: Action,
    at: u64,
    reached: AtomicU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Abort,
    Stop,
}

pub(crate) fn reach(step: Step) {
    for trap in TRAPS.iter().filter(|trap| trap.step == step) {
        if trap.reached.fetch_add(1, Ordering::Relaxed) + 1 != trap.at {
            continue;
        }
        // A process that cannot stop itself must not continue as if no fault was requested.
        if trap.action == Action::Abort || kill_process(getpid(), Signal::STOP).is_err() {
            abort();
        }
    }
}

fn parse(text: &str) -> Option<Vec<Trap>> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(trap).collect()
}

fn trap(text: &str) -> Option<Trap> {
    let (name, action) = text.split_once('=')?;
    let step = *Step::ALL.iter().find(|step| step.as_str() == name)?;
    let (action, at) = action.split_once('@').unwrap_or((action, "1"));
    let action = match action {
        "abort" => Action::Abort,
        "stop" => Action::Stop,
        _ => return None,
    };
    Some(Trap {
        step,
        action,
        at: at.parse().ok().filter(|at| *at > 0)?,
        reached: AtomicU64::new(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_names_steps_actions_and_times() {
        let traps = parse("store-after=abort@3, mark=stop").unwrap();
        let [first, second] = &traps[..] else { panic!("{traps:?}") };
        assert_eq!((first.step, first.action, first.at), (Step::StoreAfter, Action::Abort, 3));
        assert_eq!((second.step, second.action, second.at), (Step::Mark, Action::Stop, 1));
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_malformed_variable_is_refused() {
        for text in ["mark", "marc=abort", "mark=explode", "mark=abort@0", "mark=abort@x"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
