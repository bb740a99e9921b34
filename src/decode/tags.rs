//! Tags of a resource as pairs of texts. Each key has one value, since readers refuse a map with duplicate keys.
//!
//! **Invariant:** knows neither elements nor columns.

use std::collections::HashMap;

/// Up to this many pairs, comparing each with each is faster than hashing. A resource has at most 50 tags.
const FEW_PAIRS: usize = 50;

/// A key and its value.
pub(crate) type TagPair = (String, String);

/// Makes the keys unique: the last pair of a key counts, as in JSON. Returns the pairs that others have replaced.
pub(crate) fn make_unique(tags: &mut Vec<TagPair>) -> Vec<TagPair> {
    if tags.len() <= FEW_PAIRS {
        let is_unique = |at: usize| !tags[..at].iter().any(|(key, _)| *key == tags[at].0);
        if (1..tags.len()).all(is_unique) {
            return Vec::new();
        }
    }
    let mut positions: HashMap<String, usize> = HashMap::new();
    let (mut kept, mut replaced): (Vec<TagPair>, Vec<TagPair>) = (Vec::new(), Vec::new());
    for (key, value) in tags.drain(..) {
        match positions.get(&key) {
            // The same pair twice says no more than once.
            Some(at) if kept[*at].1 == value => {}
            Some(at) => replaced.push((key, std::mem::replace(&mut kept[*at].1, value))),
            None => {
                positions.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    *tags = kept;
    replaced
}

/// The JSON list of pairs, in the form of the AWS CLI.
pub(crate) fn to_json(tags: &[TagPair]) -> String {
    let pairs: Vec<_> = tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect();
    serde_json::Value::from(pairs).to_string()
}

/// The pairs in the JSON of a list with `Key` and `Value`. An element without a key is no tag.
pub(crate) fn of_json(json: &str) -> Result<Vec<TagPair>, serde_json::Error> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Pair {
        key: Option<String>,
        #[serde(default)]
        value: String,
    }
    let pairs: Vec<Pair> = serde_json::from_str(json)?;
    Ok(pairs.into_iter().filter_map(|pair| Some((pair.key?, pair.value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pair_of_a_key_counts_and_no_pair_is_lost() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<TagPair> {
            pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
        };
        let mut tags = pairs(&[("a", "1"), ("A", "2"), ("a", "1"), ("a", "3"), ("b", "")]);
        assert_eq!(make_unique(&mut tags), pairs(&[("a", "1")]));
        assert_eq!(tags, pairs(&[("a", "3"), ("A", "2"), ("b", "")]));
        let mut many: Vec<TagPair> = (0..200_000).map(|n| (format!("k{}", n % 150_000), n.to_string())).collect();
        assert_eq!(make_unique(&mut many).len(), 50_000);
        assert_eq!(many.len(), 150_000);
    }
}
