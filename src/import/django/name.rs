//! Names for people who signed in by their address: the part before the `@`, then `-2`, `-3`, …

use std::collections::{HashMap, HashSet};

use crate::accounts::Username;
use crate::accounts::name_key::name_key;

/// Hands out names that nobody in the file has.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    next: HashMap<String, u32>,
}

impl Names {
    /// Names that people of the file bring along.
    pub fn new(taken: impl IntoIterator<Item = String>) -> Self {
        Self { taken: taken.into_iter().collect(), next: HashMap::new() }
    }

    /// A name like `wish`, another one at each call. Whether somebody here has it is for the caller to see.
    pub fn propose(&mut self, wish: &Username) -> String {
        let number = self.next.entry(wish.key()).or_insert(1);
        loop {
            let name = if *number == 1 { wish.as_str().to_owned() } else { format!("{wish}-{number}") };
            *number += 1;
            if self.taken.insert(name_key(&name)) {
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Names, Username};

    #[test]
    fn names_are_numbered_past_those_in_the_file() {
        let mut names = Names::new(["ada-2".to_owned()]);
        let ada = Username::parse("Ada").unwrap();
        assert_eq!([names.propose(&ada), names.propose(&ada), names.propose(&ada)], ["Ada", "Ada-3", "Ada-4"]);
    }
}
