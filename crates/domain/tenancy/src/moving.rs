use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A step of a move of a tenant's rows from a source to a target. Each may run again after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveStep {
    /// The target gets its tables, and loses rows that an earlier move left.
    Prepare,
    /// New rows go to both from here on: in each partition, from the first batch planned after it.
    Cut,
    /// The rows before the cut are copied.
    Copy,
    /// The batches that were planned before the cut are stored, and their rows copied.
    CatchUp,
    /// Both have the same rows.
    Verify,
    /// Reads go to the target.
    Flip,
    /// Both still have the same rows, once nobody reads the source any more.
    VerifyAgain,
    /// New rows go to the target only, and the source loses the tenant's rows.
    Clean,
    /// Backing out: reads go to the source again.
    FlipBack,
    /// Backing out: new rows go to the source only, once nobody reads the target any more.
    Uncut,
    /// Backing out: the target loses the tenant's rows.
    Remove,
}

/// The direction of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveWay {
    /// To the target.
    Forward,
    /// Back to the source, because an admin or a check ended the move.
    Back,
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// It is under way.
    Moving,
    /// It is being taken back.
    BackingOut,
    /// The rows are in the target, and only there.
    Moved,
    /// The rows are in the source, and only there.
    BackedOut,
}

/// The source or the target of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveSide {
    /// Where the rows were before.
    Source,
    /// Where they go.
    Target,
}

/// Where a tenant's rows are read and written after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveRoute {
    /// The side that answers reads, which always has every row.
    pub reads: MoveSide,
    /// Whether new rows go to the other side, too.
    pub mirrored: bool,
}

/// The steps of one move, and which of them have begun and finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveCourse {
    way: MoveWay,
    /// The steps that have begun, and whether each has finished.
    steps: BTreeMap<MoveStep, bool>,
}

impl MoveStep {
    /// The steps of a move, in order.
    pub const FORWARD: [Self; 8] = [
        Self::Prepare,
        Self::Cut,
        Self::Copy,
        Self::CatchUp,
        Self::Verify,
        Self::Flip,
        Self::VerifyAgain,
        Self::Clean,
    ];

    /// The steps that take a move back, in order.
    pub const BACK: [Self; 3] = [Self::FlipBack, Self::Uncut, Self::Remove];

    /// Returns the name used in tables and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Cut => "cut",
            Self::Copy => "copy",
            Self::CatchUp => "catch_up",
            Self::Verify => "verify",
            Self::Flip => "flip",
            Self::VerifyAgain => "verify_again",
            Self::Clean => "clean",
            Self::FlipBack => "flip_back",
            Self::Uncut => "uncut",
            Self::Remove => "remove",
        }
    }

    /// Returns the step of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::FORWARD.into_iter().chain(Self::BACK).find(|step| step.as_str() == name)
    }
}

impl MoveWay {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Forward, Self::Back];

    /// Returns the name used in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Back => "back",
        }
    }

    /// Returns the steps of this way, in order.
    pub const fn steps(self) -> &'static [MoveStep] {
        match self {
            Self::Forward => &MoveStep::FORWARD,
            Self::Back => &MoveStep::BACK,
        }
    }
}

impl MoveState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Moving, Self::BackingOut, Self::Moved, Self::BackedOut];

    /// Returns the name used in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::BackingOut => "backing_out",
            Self::Moved => "moved",
            Self::BackedOut => "backed_out",
        }
    }
}

impl MoveCourse {
    /// Returns the course of a move whose `steps` have begun; a step has finished if its flag is set.
    pub fn new(way: MoveWay, steps: impl IntoIterator<Item = (MoveStep, bool)>) -> Self {
        Self { way, steps: steps.into_iter().collect() }
    }

    /// Returns the way.
    pub const fn way(&self) -> MoveWay {
        self.way
    }

    /// Returns the step that is under way or comes next; `None` at the end.
    pub fn next(&self) -> Option<MoveStep> {
        self.way.steps().iter().copied().find(|step| !self.has_finished(*step))
    }

    /// Whether the step has begun.
    pub fn has_begun(&self, step: MoveStep) -> bool {
        self.steps.contains_key(&step)
    }

    /// Whether the step has finished.
    pub fn has_finished(&self, step: MoveStep) -> bool {
        self.steps.get(&step).copied().unwrap_or_default()
    }

    /// Returns how far the move is.
    pub fn state(&self) -> MoveState {
        match (self.way, self.next()) {
            (MoveWay::Forward, Some(_)) => MoveState::Moving,
            (MoveWay::Forward, None) => MoveState::Moved,
            (MoveWay::Back, Some(_)) => MoveState::BackingOut,
            (MoveWay::Back, None) => MoveState::BackedOut,
        }
    }

    /// Whether the move can still be taken back: rows of the source are not being removed yet.
    pub fn may_back_out(&self) -> bool {
        self.way == MoveWay::Forward && !self.has_begun(MoveStep::Clean)
    }

    /// Records that a step begins. One that has finished stays finished.
    pub fn begin(&mut self, step: MoveStep) {
        self.steps.entry(step).or_insert(false);
    }

    /// Records that a step has finished.
    pub fn finish(&mut self, step: MoveStep) {
        self.steps.insert(step, true);
    }

    /// Takes the move back. Returns whether that is still possible.
    pub fn back_out(&mut self) -> bool {
        let may = self.may_back_out();
        if may {
            self.way = MoveWay::Back;
        }
        may
    }

    /// Returns the route that a step sets; `None` if it leaves the route as it is. Steps of the way back
    /// have nothing to undo when the move had not come so far.
    pub fn route(&self, step: MoveStep) -> Option<MoveRoute> {
        let route = |reads, mirrored| Some(MoveRoute { reads, mirrored });
        match step {
            MoveStep::Cut => route(MoveSide::Source, true),
            MoveStep::Flip => route(MoveSide::Target, true),
            MoveStep::Clean => route(MoveSide::Target, false),
            MoveStep::FlipBack if self.has_begun(MoveStep::Flip) => route(MoveSide::Source, true),
            MoveStep::Uncut if self.has_begun(MoveStep::Cut) => route(MoveSide::Source, false),
            _ => None,
        }
    }

    /// Returns the step after whose end some may still read the other side, for as long as any process uses
    /// an older answer about the tenant. The given step has to wait for that.
    pub fn readers_leave_after(&self, step: MoveStep) -> Option<MoveStep> {
        match step {
            MoveStep::VerifyAgain => Some(MoveStep::Flip),
            MoveStep::Uncut if self.has_begun(MoveStep::Flip) => Some(MoveStep::FlipBack),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the two sides have, as far as steps change it.
    #[derive(Debug)]
    struct World {
        course: MoveCourse,
        route: MoveRoute,
        /// A side that some may still read after a change of the route.
        late_readers: Option<MoveSide>,
        source_is_whole: bool,
        target_is_whole: bool,
    }

    impl World {
        fn new() -> Self {
            Self {
                course: MoveCourse::new(MoveWay::Forward, []),
                route: MoveRoute { reads: MoveSide::Source, mirrored: false },
                late_readers: None,
                source_is_whole: true,
                target_is_whole: false,
            }
        }

        /// Runs a step to its end, or to a crash before its end is recorded.
        fn run(&mut self, step: MoveStep, crashes: bool) {
            if self.course.readers_leave_after(step).is_some() {
                self.late_readers = None;
            }
            self.course.begin(step);
            if let Some(route) = self.course.route(step) {
                if route.reads != self.route.reads {
                    self.late_readers = Some(self.route.reads);
                }
                self.route = route;
                if !route.mirrored {
                    match route.reads {
                        MoveSide::Source => self.target_is_whole = false,
                        MoveSide::Target => self.source_is_whole = false,
                    }
                }
            }
            match step {
                MoveStep::Prepare | MoveStep::Remove => self.target_is_whole = false,
                MoveStep::Verify => self.target_is_whole = true,
                MoveStep::Clean => self.source_is_whole = false,
                _ => {}
            }
            if !crashes {
                self.course.finish(step);
            }
            self.check();
        }

        fn check(&self) {
            let is_whole = |side| match side {
                MoveSide::Source => self.source_is_whole,
                MoveSide::Target => self.target_is_whole,
            };
            assert!(is_whole(self.route.reads), "reads go to a side that lacks rows: {self:?}");
            assert!(self.late_readers.is_none_or(is_whole), "late readers lack rows: {self:?}");
        }
    }

    /// A generator of small random numbers.
    fn random(seed: &mut u64, below: u64) -> u64 {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    }

    #[test]
    fn whatever_crashes_and_is_taken_back_reads_go_to_a_side_that_has_every_row() {
        let mut moved = 0;
        let mut backed_out = 0;
        for mut seed in 0..20_000 {
            let mut world = World::new();
            while let Some(step) = world.course.next() {
                if random(&mut seed, 12) == 0 {
                    world.course.back_out();
                    continue;
                }
                world.run(step, random(&mut seed, 3) == 0);
            }
            match world.course.state() {
                MoveState::Moved => {
                    moved += 1;
                    let route = MoveRoute { reads: MoveSide::Target, mirrored: false };
                    assert_eq!(world.route, route);
                }
                MoveState::BackedOut => {
                    backed_out += 1;
                    let route = MoveRoute { reads: MoveSide::Source, mirrored: false };
                    assert_eq!(world.route, route);
                }
                state => panic!("it ended {state:?}"),
            }
        }
        assert!(moved > 1_000 && backed_out > 1_000, "{moved} moved, {backed_out} backed out");
    }

    #[test]
    fn a_move_is_taken_back_until_rows_of_the_source_are_removed() {
        for begun in 0..=MoveStep::FORWARD.len() {
            let steps = MoveStep::FORWARD.iter().take(begun).map(|step| (*step, false));
            let mut course = MoveCourse::new(MoveWay::Forward, steps);
            let expected = begun < MoveStep::FORWARD.len();
            assert_eq!(course.may_back_out(), expected, "{begun} steps begun");
            assert_eq!(course.back_out(), expected);
            assert!(!course.back_out(), "only once");
        }
    }

    #[test]
    fn what_had_not_come_far_has_little_to_undo() {
        let prepared = [(MoveStep::Prepare, true)];
        let course = MoveCourse::new(MoveWay::Back, prepared);
        assert!(MoveStep::BACK.iter().all(|step| course.route(*step).is_none()));
        assert_eq!(course.readers_leave_after(MoveStep::Uncut), None);
        assert_eq!(course.next(), Some(MoveStep::FlipBack));

        let flipped = MoveStep::FORWARD.iter().take(6).map(|step| (*step, true));
        let course = MoveCourse::new(MoveWay::Back, flipped);
        let back = course.route(MoveStep::FlipBack).unwrap();
        assert_eq!(back, MoveRoute { reads: MoveSide::Source, mirrored: true });
        assert_eq!(course.readers_leave_after(MoveStep::Uncut), Some(MoveStep::FlipBack));
    }

    #[test]
    fn every_step_is_found_by_its_name() {
        for step in MoveStep::FORWARD.into_iter().chain(MoveStep::BACK) {
            assert_eq!(MoveStep::named(step.as_str()), Some(step));
        }
        assert_eq!(MoveStep::named("fly"), None);
    }
}
