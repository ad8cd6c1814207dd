//! Laying one table of settings over another, checked against the compiled-in
//! one. Must not read files or the environment.

use toml::{Table, Value};

use super::{ConfigError, FILE};

/// The name of the entry that is the pattern of entries with free names.
const PATTERN: &str = "*";

/// What `print` shows instead of a secret.
const REDACTED: &str = "[redacted]";

/// Lays compiled-in settings over compiled-in settings: new keys are welcome,
/// known ones keep their type, and an entry whose name is free starts as a copy of
/// its pattern here too.
pub(super) fn extend(base: &mut Table, over: Table, path: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let full = join(path, &key);
        if let Some(pattern) = base.get(PATTERN).cloned() {
            base.entry(key.as_str()).or_insert(pattern);
        }
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => extend(base, over, &full)?,
            (Some(known), value) if !known.same_type(&value) => {
                return Err(wrong_type("defaults", full, known));
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    Ok(())
}

/// Lays a layer over the settings, refusing what `known` does not name.
pub(super) fn merge(
    base: &mut Table,
    over: Table,
    known: &Table,
    layer: &str,
) -> Result<(), ConfigError> {
    merge_at(base, over, known, layer, "")
}

fn merge_at(
    base: &mut Table,
    over: Table,
    known: &Table,
    layer: &str,
    path: &str,
) -> Result<(), ConfigError> {
    choose_secret_source(base, &over, layer, path)?;
    for (key, value) in over {
        let full = join(path, &key);
        let Some(pattern) = lookup(known, &key) else {
            let nearest = nearest(&key, known.keys()).map(|near| join(path, near));
            return Err(ConfigError::UnknownKey {
                layer: layer.to_owned(),
                key: full,
                nearest,
            });
        };
        match (pattern, value) {
            (Value::Table(pattern), Value::Table(over)) => {
                let fresh = || Value::Table(pattern.clone());
                if let Value::Table(base) = base.entry(key).or_insert_with(fresh) {
                    merge_at(base, over, pattern, layer, &full)?;
                }
            }
            (pattern, value) if !pattern.same_type(&value) => {
                return Err(wrong_type(layer, full, pattern));
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
    Ok(())
}

/// A layer that sets a secret takes back the file an earlier one named, and the
/// other way round; one that sets both does not know what it wants.
fn choose_secret_source(
    base: &mut Table,
    over: &Table,
    layer: &str,
    path: &str,
) -> Result<(), ConfigError> {
    for key in over.keys() {
        let file = format!("{key}{FILE}");
        if !base.contains_key(&file) {
            if let Some(secret) = key.strip_suffix(FILE)
                && base.contains_key(secret)
                && !over.contains_key(secret)
            {
                base.insert(secret.to_owned(), Value::String(String::new()));
            }
        } else if is_set(over, key) && is_set(over, &file) {
            return Err(ConfigError::SetTwice {
                layer: layer.to_owned(),
                key: join(path, key),
            });
        } else if !over.contains_key(&file) {
            base.insert(file, Value::String(String::new()));
        }
    }
    Ok(())
}

fn is_set(table: &Table, key: &str) -> bool {
    matches!(table.get(key), Some(Value::String(text)) if !text.is_empty())
}

/// The compiled-in value that says which type a key has.
pub(super) fn lookup<'a>(known: &'a Table, key: &str) -> Option<&'a Value> {
    known
        .get(key)
        .or_else(|| known.get(PATTERN))
        .filter(|_| key != PATTERN)
}

/// Takes the patterns out: they are documentation, not settings.
pub(super) fn without_patterns(table: &mut Table) {
    table.remove(PATTERN);
    for (_, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            without_patterns(inner);
        }
    }
}

/// Hands every secret with the content of its twin to `resolve`, and takes the
/// twin out.
pub(super) fn each_secret(
    table: &mut Table,
    resolve: &mut impl FnMut(&mut Value, &str) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    for key in secrets(table) {
        let file = table.remove(&format!("{key}{FILE}"));
        if let (Some(Value::String(file)), Some(value)) = (file, table.get_mut(&key)) {
            resolve(value, &file)?;
        }
    }
    for (_, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            each_secret(inner, resolve)?;
        }
    }
    Ok(())
}

/// Replaces every secret that is set.
pub(super) fn redact(table: &mut Table) {
    for key in secrets(table) {
        if let Some(Value::String(text)) = table.get_mut(&key)
            && !text.is_empty()
        {
            REDACTED.clone_into(text);
        }
    }
    for (_, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            redact(inner);
        }
    }
}

fn secrets(table: &Table) -> Vec<String> {
    let has_twin = |key: &&String| table.contains_key(&format!("{key}{FILE}"));
    table.keys().filter(has_twin).cloned().collect()
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn wrong_type(layer: &str, key: String, known: &Value) -> ConfigError {
    ConfigError::WrongType {
        layer: layer.to_owned(),
        key,
        expected: type_name(known),
    }
}

/// How a type is called in an error.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a decimal number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// The known key with the fewest changes to the one given, if it is near enough
/// for a slip of the finger.
pub(super) fn nearest<'a>(
    key: &str,
    known: impl IntoIterator<Item = &'a String>,
) -> Option<&'a str> {
    known
        .into_iter()
        .filter(|candidate| *candidate != PATTERN)
        .map(|candidate| (distance(key, candidate), candidate.as_str()))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let change = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_the_changes() {
        for (a, b, changes) in [
            ("listen", "listen", 0),
            ("lsten", "listen", 1),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), changes, "{a} to {b}");
        }
    }

    #[test]
    fn a_named_entry_of_the_defaults_starts_as_a_copy_of_its_pattern() {
        let mut base: Table = toml::from_str("[peers.'*']\nurl = ''\nca_file = ''").unwrap();
        let over = toml::from_str("[peers.credit]\nurl = 'http://credit'").unwrap();
        extend(&mut base, over, "").unwrap();
        let credit = &base["peers"]["credit"];
        assert_eq!(credit["url"].as_str(), Some("http://credit"));
        assert_eq!(credit["ca_file"].as_str(), Some(""));
    }

    #[test]
    fn a_far_off_key_gets_no_suggestion() {
        let known = ["listen".to_owned(), "admin_listen".to_owned()];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("colour", &known), None);
    }
}
