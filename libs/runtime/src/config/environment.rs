//! Settings from environment variables. The only place that reads the process
//! environment; it must not guess types, the compiled-in settings say them.

use toml::{Table, Value};

use super::ConfigError;
use super::layer::{lookup, nearest, type_name};

/// How this layer is called in errors.
pub(super) const LAYER: &str = "environment";

/// The variables of this process whose names and values are text.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The variables of a service as one layer: `RECOUP_INVOICING__SERVER__LISTEN`
/// becomes `{ server = { listen = … } }`.
pub(super) fn read(
    service: &str,
    known: &Table,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Table, ConfigError> {
    let prefix = format!("RECOUP_{}__", service.to_uppercase());
    let mut layer = Table::new();
    for (name, text) in variables {
        let Some(key) = name.strip_prefix(&prefix) else {
            continue;
        };
        let parts: Vec<String> = key.split("__").map(str::to_lowercase).collect();
        let Some(pattern) = find(known, &parts) else {
            return Err(unknown(&prefix, known, name, &parts));
        };
        let Some(value) = parse(pattern, &text) else {
            let (layer, expected) = (LAYER.to_owned(), type_name(pattern));
            return Err(ConfigError::WrongType {
                layer,
                key: name,
                expected,
            });
        };
        insert(&mut layer, &parts, value);
    }
    Ok(layer)
}

fn insert(table: &mut Table, parts: &[String], value: Value) {
    match parts {
        [] => {}
        [key] => drop(table.insert(key.clone(), value)),
        [section, rest @ ..] => {
            let inner = table
                .entry(section.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn find<'a>(known: &'a Table, parts: &[String]) -> Option<&'a Value> {
    let (first, rest) = parts.split_first()?;
    match (lookup(known, first)?, rest) {
        (value, []) => Some(value),
        (Value::Table(inner), rest) => find(inner, rest),
        _ => None,
    }
}

/// Text as the type of the compiled-in value. Lists are separated by commas; a
/// section has no text.
fn parse(pattern: &Value, text: &str) -> Option<Value> {
    match pattern {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Datetime(_) => text.parse().ok().map(Value::Datetime),
        Value::Array(items) => {
            let string = Value::String(String::new());
            let item = items.first().unwrap_or(&string);
            let texts = text
                .split(',')
                .map(str::trim)
                .filter(|text| !text.is_empty());
            texts
                .map(|text| parse(item, text))
                .collect::<Option<_>>()
                .map(Value::Array)
        }
        Value::Table(_) => None,
    }
}

fn unknown(prefix: &str, known: &Table, key: String, parts: &[String]) -> ConfigError {
    let mut leaves = Vec::new();
    collect(known, "", &mut leaves);
    let nearest =
        nearest(&parts.join("__"), &leaves).map(|leaf| format!("{prefix}{}", leaf.to_uppercase()));
    ConfigError::UnknownKey {
        layer: LAYER.to_owned(),
        key,
        nearest,
    }
}

fn collect(table: &Table, path: &str, leaves: &mut Vec<String>) {
    for (key, value) in table {
        let full = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}__{key}")
        };
        match value {
            Value::Table(inner) => collect(inner, &full, leaves),
            _ => leaves.push(full),
        }
    }
}
