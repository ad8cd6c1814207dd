//! Settings in layers: which one wins, and what is refused.

use runtime::config::{ConfigError, Layers, LogFormat};
use serde::Deserialize;

use crate::world::{Settings, write};

const DEFAULTS: &str = r#"
[server]
listen = "127.0.0.1:50051"

[pricing]
# Share, as text: it must not become a float.
ratio = "0.0"
# Days.
grace_days = 3
active = false
countries = ["DE"]
secret = ""
secret_file = ""
"#;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Pricing {
    ratio: String,
    grace_days: u32,
    active: bool,
    countries: Vec<String>,
    secret: String,
}

#[derive(Deserialize)]
struct Own {
    pricing: Pricing,
    server: runtime::config::ServerConfig,
    telemetry: runtime::config::TelemetryConfig,
    auth: runtime::config::AuthConfig,
}

fn layers() -> Layers {
    Layers::try_new("invoicing", DEFAULTS).unwrap()
}

fn vars(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn error(layers: Result<Layers, ConfigError>) -> String {
    layers.expect_err("it must be refused").to_string()
}

#[test]
fn the_shared_defaults_fit_their_sections_key_by_key() {
    let layers = Layers::try_new("credit", "").unwrap();
    let settings: Settings = layers.build().unwrap();
    assert_eq!(settings.server.drain_timeout_ms, 25_000);
    assert!(settings.auth.issuers.is_empty() && settings.peers.is_empty());
    // The patterns are documentation; an entry made from one fits too.
    let text = "[auth.issuers.a]\nissuer = 'b'\n[peers.invoicing]\nurl = 'http://c'\n";
    let settings: Settings = layers.text("test", text).unwrap().build().unwrap();
    assert_eq!(settings.auth.issuers["a"].issuer, "b");
    assert_eq!(settings.auth.issuers["a"].jwks_url, None);
    assert_eq!(settings.peers["invoicing"].connect_timeout_ms, 1_000);
    assert_eq!(settings.database.acquire_timeout_ms, 1_000);
}

#[test]
fn a_later_layer_wins_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(
        &folder,
        "config.toml",
        "[pricing]\ngrace_days = 5\nratio = '1.5'\n",
    );
    let settings: Own = layers()
        .file(&path)
        .unwrap()
        .environment(vars(&[
            ("RECOUP_INVOICING__PRICING__RATIO", "12.5000"),
            ("RECOUP_INVOICING__TELEMETRY__LOGS", "json"),
            (
                "RECOUP_INVOICING__AUTH__ISSUERS__WEB__ISSUER",
                "https://web.example",
            ),
            ("RECOUP_CREDIT__PRICING__RATIO", "9"),
            ("RECOUP_PG_BIN", "/usr/bin"),
            ("PATH", "/bin"),
        ]))
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(settings.pricing.grace_days, 5, "the file over the default");
    assert_eq!(
        settings.pricing.ratio, "12.5000",
        "the environment over the file, as it stands"
    );
    assert_eq!(
        settings.server.listen.port(),
        50_051,
        "the service's default over the shared one"
    );
    assert_eq!(settings.server.admin_listen.port(), 9090);
    assert_eq!(settings.telemetry.logs, LogFormat::Json);
    assert_eq!(settings.auth.issuers["web"].issuer, "https://web.example");
}

#[test]
fn the_environment_is_read_as_the_type_of_the_default() {
    let set = |name: &str, value: &str| {
        let name = format!("RECOUP_INVOICING__PRICING__{name}");
        layers().environment([(name, value.to_owned())])
    };
    let pricing =
        |layers: Result<Layers, ConfigError>| layers.unwrap().build::<Own>().unwrap().pricing;
    assert_eq!(pricing(set("GRACE_DAYS", "7")).grace_days, 7);
    assert!(pricing(set("ACTIVE", "true")).active);
    assert_eq!(pricing(set("COUNTRIES", "DE, AT,")).countries, ["DE", "AT"]);
    assert_eq!(pricing(set("RATIO", "true")).ratio, "true");
    assert_eq!(
        error(set("GRACE_DAYS", "canary")),
        "environment: RECOUP_INVOICING__PRICING__GRACE_DAYS must be an integer"
    );
    assert_eq!(
        error(set("ACTIVE", "yes")),
        "environment: RECOUP_INVOICING__PRICING__ACTIVE must be true or false"
    );
}

#[test]
fn unknown_keys_are_refused_by_name_everywhere() {
    assert_eq!(
        error(layers().text("config.toml", "[server.limits]\nmax_inflight_calls = 1\n")),
        "config.toml: unknown key server.limits.max_inflight_calls \
         (did you mean server.limits.max_in_flight_calls?)"
    );
    assert_eq!(
        error(layers().text("config.toml", "[colour]\n")),
        "config.toml: unknown key colour"
    );
    assert_eq!(
        error(layers().text("config.toml", "[auth.issuers.web]\njwks = 'x'\n")),
        "config.toml: unknown key auth.issuers.web.jwks"
    );
    assert_eq!(
        error(layers().environment(vars(&[("RECOUP_INVOICING__SERVER__LISTN", "x")]))),
        "environment: unknown key RECOUP_INVOICING__SERVER__LISTN \
         (did you mean RECOUP_INVOICING__SERVER__LISTEN?)"
    );
    for section in [
        "RECOUP_INVOICING__SERVER",
        "RECOUP_INVOICING__",
        "RECOUP_INVOICING____",
    ] {
        assert!(
            layers().environment(vars(&[(section, "x")])).is_err(),
            "{section}"
        );
    }
    assert!(layers().text("config.toml", "['*']\n").is_err());
}

#[test]
fn a_value_of_another_type_is_refused() {
    assert_eq!(
        error(layers().text("config.toml", "[pricing]\nratio = 1.5\n")),
        "config.toml: pricing.ratio must be a string"
    );
    assert_eq!(
        error(layers().text("config.toml", "[pricing.ratio]\n")),
        "config.toml: pricing.ratio must be a string"
    );
    let error = Layers::try_new("invoicing", "[server]\nlisten = 1\n")
        .err()
        .unwrap()
        .to_string();
    assert_eq!(error, "defaults: server.listen must be a string");
}

#[test]
fn p30_a_secret_comes_from_its_file_and_is_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "secret", "canary-file\n");
    let by_file = [(
        "RECOUP_INVOICING__PRICING__SECRET_FILE",
        path.to_str().unwrap(),
    )];
    let layered = layers()
        .text("config.toml", "[pricing]\nsecret = 'canary-earlier'\n")
        .unwrap()
        .environment(vars(&by_file))
        .unwrap();
    assert_eq!(
        layered.build::<Own>().unwrap().pricing.secret,
        "canary-file"
    );

    let direct = layered
        .text("later", "[pricing]\nsecret = 'canary-direct'\n")
        .unwrap();
    assert_eq!(
        direct.build::<Own>().unwrap().pricing.secret,
        "canary-direct"
    );
    let printed = format!("{}{direct:?}", direct.print());
    assert!(!printed.contains("canary"), "{printed}");
    assert!(printed.contains("secret = \"[redacted]\"") && printed.contains("grace_days = 3"));
    assert!(!printed.contains('*'), "patterns are not settings");

    let both = "[pricing]\nsecret = 'canary'\nsecret_file = 'canary'\n";
    assert_eq!(
        error(layers().text("config.toml", both)),
        "config.toml: pricing.secret and pricing.secret_file are both set"
    );
    let missing = layers()
        .text("t", "[pricing]\nsecret_file = '/nowhere'\n")
        .unwrap();
    let error = missing.build::<Own>().err().unwrap().to_string();
    assert!(error.starts_with("/nowhere: No such file"), "{error}");
}

#[test]
fn p30_a_fault_of_syntax_is_told_by_its_line_without_its_text() {
    let text = "[pricing]\nsecret = 'canary\n";
    let error = error(layers().text("config.toml", text));
    assert!(
        error.starts_with("config.toml: not valid TOML at line 2"),
        "{error}"
    );
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn what_is_printed_can_be_read_back() {
    let printed = layers().print();
    let again = layers().text("printed", &printed).unwrap();
    assert_eq!(again.print(), printed);
}
