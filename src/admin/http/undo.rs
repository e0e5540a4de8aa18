//! Taking back what was just done: the opposite form, one press away.
//!
//! It stands in the address of the page, sealed for the operator who did it and for a short while: an address that somebody else
//! made has no button on its page. Pressing it is a deed like any other, which asks the policy again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::kernel::Instant;
use crate::kernel::crypto::{Place, Sealer};
use crate::kernel::fault::Fault;
use crate::kernel::ids::UserId;
use crate::kernel::random::Random;

/// The button is there for so long.
const LIFE: Duration = Duration::minutes(10);
/// Longest one read, in characters.
const MAX_CHARS: usize = 2048;

/// The form that takes something back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    action: String,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Field {
    name: String,
    value: String,
}

/// The form, and until when it is there.
#[derive(Serialize, Deserialize)]
struct Offer {
    undo: Undo,
    until: Instant,
}

impl Undo {
    /// What posts these fields there.
    #[must_use]
    pub fn by(action: String, fields: &[(&str, &str)]) -> Self {
        let field = |(name, value): &(&str, &str)| Field { name: (*name).to_owned(), value: (*value).to_owned() };
        Self { action, fields: fields.iter().map(field).collect() }
    }

    /// Sealed for this operator.
    ///
    /// # Errors
    /// [`Fault::Bug`] without randomness.
    pub fn seal(&self, who: UserId, now: Instant, (sealer, random): (&Sealer, &Random)) -> Result<String, Fault> {
        let offer = Offer { undo: self.clone(), until: now + LIFE };
        let text = serde_json::to_vec(&offer).map_err(|error| Fault::bug(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(sealer.seal(place(&who.to_string()), &text, random)?))
    }

    /// What was sealed for this operator, if its time is not over.
    #[must_use]
    pub fn open(offered: &str, who: UserId, now: Instant, sealer: &Sealer) -> Option<Self> {
        if offered.len() > MAX_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(offered).ok()?;
        let text = sealer.open(place(&who.to_string()), &bytes)?;
        let offer: Offer = serde_json::from_slice(text.expose()).ok()?;
        (now < offer.until).then_some(offer.undo)
    }
}

const fn place(who: &str) -> Place<'_> {
    Place { table: "console", column: "undo", row: who }
}

/// What the page says of a deed that is done, and how it is taken back.
#[derive(Clone, Debug)]
pub struct Told {
    /// The word that the page knows it by.
    pub what: &'static str,
    /// The form that takes it back, where there is one.
    pub undo: Option<Undo>,
}

impl Told {
    /// With the form that takes it back.
    #[must_use]
    pub const fn with(what: &'static str, undo: Undo) -> Self {
        Self { what, undo: Some(undo) }
    }
}

impl From<&'static str> for Told {
    fn from(what: &'static str) -> Self {
        Self { what, undo: None }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use uuid::Uuid;

    use super::Undo;
    use crate::kernel::crypto::{MasterKey, Sealer};
    use crate::kernel::ids::UserId;
    use crate::kernel::random::Random;

    #[test]
    fn it_opens_for_its_operator_and_a_while_only() {
        let (sealer, random) = (Sealer::new(&MasterKey::new([7; 32])).unwrap(), Random::default());
        let (ada, eve) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let undo = Undo::by("/admin/groups/1/add-member".into(), &[("username", "bob")]);
        let offered = undo.seal(ada, now, (&sealer, &random)).unwrap();
        let open = |offered: &str, who, at| Undo::open(offered, who, at, &sealer);
        assert_eq!(open(&offered, ada, now), Some(undo));
        assert_eq!(open(&offered, eve, now), None);
        assert_eq!(open(&offered, ada, now + Duration::minutes(10)), None);
        assert_eq!(open(&offered[1..], ada, now), None);
        assert_eq!(open(&"A".repeat(5000), ada, now), None);
    }
}
