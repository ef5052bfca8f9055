use uuid::Uuid;

/// The ids of one of each of a tenant's things.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) tenant: String,
    pub(crate) campaign: String,
    pub(crate) key: String,
    pub(crate) user: String,
    /// A user who was invited and has not accepted.
    pub(crate) invited: String,
    pub(crate) session: String,
    pub(crate) reject: String,
    pub(crate) annotation: String,
    pub(crate) report: String,
    pub(crate) cohort: String,
    pub(crate) job: String,
    pub(crate) schedule: String,
    pub(crate) erasure: String,
}

impl Ids {
    /// Returns ids of things that never were.
    pub(crate) fn absent() -> Self {
        let id = || Uuid::now_v7().to_string();
        let digits = || Uuid::now_v7().simple().to_string().split_off(16);
        Self {
            tenant: format!("t-{}", digits()),
            campaign: format!("c-{}", digits()),
            key: digits(),
            user: id(),
            invited: id(),
            session: id(),
            reject: id(),
            annotation: id(),
            report: id(),
            cohort: id(),
            job: id(),
            schedule: id(),
            erasure: id(),
        }
    }

    /// Returns every id, longest first, so that one that contains another one is replaced before it.
    pub(crate) fn all(&self) -> Vec<&str> {
        let mut all = vec![
            self.tenant.as_str(),
            &self.campaign,
            &self.key,
            &self.user,
            &self.invited,
            &self.session,
            &self.reject,
            &self.annotation,
            &self.report,
            &self.cohort,
            &self.job,
            &self.schedule,
            &self.erasure,
        ];
        all.sort_by_key(|id| std::cmp::Reverse(id.len()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_ids_have_the_form_of_ids() {
        let ids = Ids::absent();
        assert_eq!((ids.key.len(), ids.user.len()), (16, 36));
        assert_eq!(ids.all().len(), 13);
        assert_ne!(ids.tenant, Ids::absent().tenant);
    }
}
