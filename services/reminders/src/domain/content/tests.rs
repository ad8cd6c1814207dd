//! The words of templates as they come out, and what keeps them harmless (P34).

use super::*;

fn words(subject: &str, text: &str, html: &str) -> TemplateWords {
    TemplateWords {
        translations: vec![Translation {
            language: "de".to_owned(),
            subject: subject.to_owned(),
            text_body: text.to_owned(),
            html_body: html.to_owned(),
        }],
        fallback_language: "de".to_owned(),
    }
}

fn problems(text: &str) -> Vec<String> {
    let found = check(&words("s", text, ""));
    found.into_iter().map(|fault| fault.problem).collect()
}

/// What somebody may write where a name, a number or a bank is asked for.
const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</a><a href=\"javascript:alert(1)\">",
    "{{ sender.email }}{% for x in lines %}{% endfor %}",
    "Reminder\r\nBcc: everybody@example.com",
    "a\nb\u{2028}c\0d",
    "=HYPERLINK(\"http://evil.example\")",
    "\u{202e}moc.elpmaxe",
    "&lt;script&gt;",
];

const PAGE: &str = "<p>{{ customer.name }} {{ customer.contact_name }}</p>\
    <p title=\"{{ customer.external_id }}\"><a href=\"https://pay.example.com/?c={{ customer.name }}\">\
    {{ sender.name }}</a></p>{% for line in lines %}<b>{{ line.invoice_number }}</b>{% endfor %}\
    {% for account in sender.bank_accounts %}<i>{{ account.bank_name }}</i>{% endfor %}\
    {% set twice %}{{ customer.name }}{% endset %}<u>{{ twice }}</u>\
    {% autoescape false %}<s>{{ customer.name }}</s>{% endautoescape %}";

/// Sample facts with one text in every place that others fill.
fn facts_with(text: &str) -> Facts {
    let mut facts = sample_facts();
    let put = |field: &mut String| text.clone_into(field);
    put(&mut facts.customer.name);
    put(&mut facts.customer.contact_name);
    put(&mut facts.customer.external_id);
    put(&mut facts.sender.name);
    put(&mut facts.message.reference);
    for account in &mut facts.sender.bank_accounts {
        put(&mut account.bank_name);
        put(&mut account.account);
    }
    for line in &mut facts.lines {
        put(&mut line.invoice_number);
    }
    facts
}

#[test]
fn p34_no_fact_becomes_code_in_any_part() {
    let words = words(
        "{{ customer.name }}: {{ message.reference }}",
        "{{ customer.name }} {{ lines[0].invoice_number }}",
        PAGE,
    );
    let harmless = render(&words, "de", &facts_with("x")).unwrap();
    let tags = |html: &str| html.matches('<').count();
    for payload in CORPUS {
        let rendered = render(&words, "de", &facts_with(payload)).unwrap();
        let html = &rendered.html_body;
        // Not one more element, attribute or address than without the payload.
        assert_eq!(tags(html), tags(&harmless.html_body), "{payload}");
        let quotes = |html: &str| html.matches('"').count();
        assert_eq!(quotes(html), quotes(&harmless.html_body), "{payload}");
        assert!(markup::faults(html, markup::Kind::Output).is_empty());
        let broken = |sign: char| sign.is_control() || sign == '\u{2028}' || sign == '\u{202e}';
        assert!(!rendered.subject.contains(broken), "{payload:?}");
        assert!(!rendered.text_body.contains(broken), "{payload:?}");
    }
}

#[test]
fn p34_templates_carry_no_code() {
    let html = |html: &str| check(&words("s", "t", html));
    assert_eq!(html(PAGE), []);
    for code in [
        "<script>alert(1)</script>",
        "<a href=\"{{ customer.name }}\">x</a>",
        "<p onclick=\"x\">",
        "{{ customer.name|safe }}",
        "{{ '<b>'|safe }}",
        "{% include 'x' %}",
        "{{ debug() }}",
        "{% raw %}<script>{% endraw %}",
    ] {
        let found = html(code);
        assert!(!found.is_empty(), "{code}");
        assert_eq!(found[0].field, "translations[0].html_body");
    }
}

#[test]
fn markup_that_is_put_together_is_seen_when_it_comes_out() {
    let sly = words("s", "t", "{{ '<scr' }}ipt>");
    assert!(render(&sly, "de", &sample_facts()).is_ok(), "escaped");
    let raw = words("s", "t", "{% raw %}<script>{% endraw %}");
    let refused = render(&raw, "de", &sample_facts()).unwrap_err();
    assert_eq!(refused.part, "html_body");
}

#[test]
fn an_unknown_name_is_told_with_its_place() {
    assert_eq!(problems("{{ customer.name }}"), [""; 0]);
    assert_eq!(
        problems("Hello\n  {{ customer.nam }}"),
        ["de: line 2, column 6: there is no customer.nam"]
    );
    // In a branch that no sample opens, and behind a loop's own name.
    assert_eq!(
        problems("{% if lines|length > 99 %}{{ nobody }}{% endif %}"),
        ["de: line 1, column 30: there is no nobody"]
    );
    assert_eq!(
        problems("{% for line in lines %}{{ line.number }}{% endfor %}").len(),
        1
    );
    // What may be missing is missing in one of the samples.
    assert_eq!(problems("{{ sender.bank_accounts[0].account }}").len(), 1);
    let chosen = "{% if sender.bank_accounts %}{{ sender.bank_accounts[0].account }}{% endif %}";
    assert_eq!(problems(chosen), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let found = problems("Hello\n{{ customer.name ");
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("de: line 2"), "{found:?}");
}

#[test]
fn p33_a_template_that_works_too_much_is_stopped() {
    for endless in [
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{% set x = 'xxxxxxxxxxxxxxxx' %}{% for a in lines %}{% endfor %}\
         {% macro m(x, n) %}{{ m(x ~ x, n) }}{% endmacro %}{{ m(x, 1) }}",
        "{% for a in lines %}{% for b in lines %}{{ 'x' * 90000000 }}{% endfor %}{% endfor %}",
    ] {
        assert_eq!(problems(endless).len(), 1, "{endless}");
    }
}

#[test]
fn amounts_and_dates_are_those_of_the_language_that_was_found() {
    let mut words = words(
        "s",
        "{{ lines[0].open_amount }} {{ lines[0].due_date }}",
        "",
    );
    words.translations.push(Translation {
        language: "en-US".to_owned(),
        ..words.translations[0].clone()
    });
    let text = |language| {
        let rendered = render(&words, language, &sample_facts()).unwrap();
        (rendered.language, rendered.text_body.replace('\u{a0}', " "))
    };
    let german = ("de".to_owned(), "1.234,50 EUR 28.02.2026".to_owned());
    assert_eq!(text("de-AT"), german);
    assert_eq!(text("fr"), german);
    let american = "EUR 1,234.50 February 28, 2026";
    assert_eq!(text("en-US"), ("en-US".to_owned(), american.to_owned()));
}

#[test]
fn a_failure_tells_no_fact() {
    let words = words("s", "{{ customer.name.secret }}", "");
    let refused = render(&words, "de", &facts_with("canary")).unwrap_err();
    assert!(!refused.to_string().contains("canary"), "{refused}");
}
