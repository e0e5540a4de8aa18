//! What a new password must be like (NIST SP 800-63B-4 section 3.1.1.2: length, a blocklist, no
//! composition rules).

use std::sync::Arc;

use super::password::Password;
use super::validators::{Breaches, Context, Similarity, Validate, common, numeric};
use crate::config;
use crate::config::Validator;

/// The rules for new passwords, in the operator's order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Arc<[Rule]>,
    history: usize,
    minimum_length: usize,
}

/// Less is never enough (NIST SP 800-63B-4: 8 where there is a second factor).
const LEAST_LENGTH: usize = 8;

#[derive(Debug)]
enum Rule {
    MinimumLength(usize),
    Similarity(Similarity),
    Common(Arc<Context>),
    Breached(Breaches),
    Numeric,
    Context(Arc<Context>),
}

impl Policy {
    /// Builds the rules that are configured; reads the file of leaked passwords. `site` are names of
    /// this place: its host, its title.
    ///
    /// # Errors
    /// Says which file or folder cannot be read.
    pub fn load(config: &config::Passwords, site: &[&str]) -> Result<Self, String> {
        let context =
            Arc::new(Context::of(config.context_words.iter().map(String::as_str).chain(site.iter().copied())));
        let mut rules = Vec::new();
        for validator in &config.validators {
            rules.extend(match validator {
                Validator::MinimumLength => Some(Rule::MinimumLength(config.minimum_length)),
                Validator::Similarity => Some(Rule::Similarity(Similarity::Like)),
                Validator::Common => Some(Rule::Common(Arc::clone(&context))),
                Validator::Breached => Breaches::load(config)?.map(Rule::Breached),
                Validator::Numeric => Some(Rule::Numeric),
                Validator::Context => Some(Rule::Context(Arc::clone(&context))),
                Validator::History => None,
            });
        }
        if !config.validators.contains(&Validator::MinimumLength) {
            rules.insert(0, Rule::MinimumLength(LEAST_LENGTH));
        }
        let history = if config.validators.contains(&Validator::History) { config.history } else { 0 };
        let is_least = !config.validators.contains(&Validator::MinimumLength);
        let minimum_length = if is_least { LEAST_LENGTH } else { config.minimum_length };
        Ok(Self { rules: rules.into(), history, minimum_length })
    }

    /// What holds even for a password that an operator brings: 8 characters, and not the own name.
    #[must_use]
    pub fn least() -> Self {
        let rules = [Rule::MinimumLength(LEAST_LENGTH), Rule::Similarity(Similarity::Part)];
        Self { rules: Arc::new(rules), history: 0, minimum_length: LEAST_LENGTH }
    }

    /// Characters a new password needs at least.
    #[must_use]
    pub const fn minimum_length(&self) -> usize {
        self.minimum_length
    }

    /// How many former passwords may not be used again. The caller compares them: that costs hashes
    /// ([`Hasher::verify_any`](super::Hasher::verify_any)).
    #[must_use]
    pub const fn history(&self) -> usize {
        self.history
    }

    /// Every rule that `password` breaks, in words; `own` are the person's own names and addresses.
    /// May read one small file (`passwords.breached_dir`), and takes some milliseconds at most.
    #[must_use]
    pub fn refusals(&self, password: &Password, own: &[&str]) -> Vec<String> {
        self.rules.iter().filter_map(|rule| rule.refusal(password, own)).collect()
    }
}

impl Rule {
    fn refusal(&self, password: &Password, own: &[&str]) -> Option<String> {
        match self {
            Self::MinimumLength(least) => (password.chars() < *least)
                .then(|| format!("Use at least {least} characters. A few unrelated words do well.")),
            Self::Similarity(similarity) => similarity.refusal(password, own),
            Self::Common(context) => common::refusal(password, own, context),
            Self::Breached(breaches) => breaches.refusal(password, own),
            Self::Numeric => numeric::refusal(password),
            Self::Context(context) => context.refusal(password, own),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Password, Policy};
    use crate::config::Config;

    const OWN: [&str; 2] = ["ada", "ada.lovelace@example.test"];

    fn policy(settings: &[(&str, &str)]) -> Policy {
        let named = |(key, value): &(&str, &str)| (format!("PORTCULLIS_PASSWORDS__{key}"), (*value).to_owned());
        let env: BTreeMap<_, _> = settings.iter().map(named).collect();
        let config = Config::load(&[], &env).unwrap().config;
        Policy::load(&config.passwords, &["id.analytical-engine.example"]).unwrap()
    }

    fn refusals(policy: &Policy, text: &str) -> Vec<String> {
        policy.refusals(&Password::parse(text).unwrap(), &OWN)
    }

    #[test]
    fn length_counts_and_the_own_name_does_not_serve() {
        let policy = policy(&[("MINIMUM_LENGTH", "8")]);
        assert_eq!(refusals(&policy, "correct horse battery"), [""; 0]);
        assert_eq!(refusals(&policy, "pässwörd und Straße"), [""; 0]);
        assert!(refusals(&policy, "xk9 qz")[0].starts_with("Use at least 8 characters"));
        for bad in
            ["", "ADA.lovelace", "ada.lovelace1", "aaaaaaaaaaaa", "passwordpassword1", "1815 12 10 1852", "analytical1"]
        {
            assert!(!refusals(&policy, bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn refusals_come_in_the_configured_order_and_only_of_the_configured_rules() {
        let digits = "1234567890";
        let policy_of = |validators: &str| policy(&[("VALIDATORS", validators)]);
        let both = refusals(&policy_of("numeric,minimum_length"), digits);
        assert!(both[0].contains("digits") && both[1].contains("15"), "{both:?}");
        let reversed = refusals(&policy_of("minimum_length,numeric"), digits);
        assert_eq!(reversed, both.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(refusals(&policy_of("numeric"), digits).len(), 1);
    }

    #[test]
    fn without_any_rule_eight_characters_are_the_least() {
        let policy = policy(&[("VALIDATORS", "")]);
        assert_eq!(refusals(&policy, "aaaaaaa").len(), 1);
        assert_eq!(refusals(&policy, "aaaaaaaa").len(), 0);
    }

    #[test]
    fn an_operator_may_bring_what_a_person_may_not_but_for_the_least() {
        assert_eq!(refusals(&Policy::least(), "12345678").len(), 0);
        assert_eq!(refusals(&Policy::least(), "ada.lovelace1").len(), 0);
        assert_eq!(refusals(&Policy::least(), "1234567").len(), 1);
        assert_eq!(refusals(&Policy::least(), "ADA.lovelace").len(), 1);
    }

    #[test]
    fn history_counts_only_where_it_is_a_rule() {
        assert_eq!(policy(&[]).history(), 0);
        assert_eq!(policy(&[("HISTORY", "5")]).history(), 5);
        assert_eq!(policy(&[("HISTORY", "5"), ("VALIDATORS", "common")]).history(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_told_at_the_start() {
        let (folder, file) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let gone = folder.path().join("gone");
        for (key, path) in [("BREACHED_DIR", gone.as_path()), ("BREACHED_FILE", &gone), ("BREACHED_DIR", file.path())] {
            let env = BTreeMap::from([(format!("PORTCULLIS_PASSWORDS__{key}"), path.display().to_string())]);
            let config = Config::load(&[], &env).unwrap().config;
            let refusal = Policy::load(&config.passwords, &[]).unwrap_err();
            assert!(refusal.contains(&key.to_lowercase()) && refusal.contains(&*path.to_string_lossy()), "{refusal}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_password_breaks_a_rule(typed in "\\PC{0,60}", own in "\\PC{0,20}") {
            if let Some(password) = Password::parse(&typed) {
                let _ = policy(&[]).refusals(&password, &[&own]);
            }
        }
    }
}
