//! Which HTML may leave: the elements, attributes and addresses listed here and no others (P34). The
//! same look is taken twice: at a template, where facts may stand in text and in quoted values alone,
//! and at every result, whoever wrote what is in it.
//!
//! A list of what is allowed, since no list of what is not is ever complete: no scripts, no styles but
//! those on an element, no forms, no frames, no comments, no address that is not written out from its
//! scheme on. Must not mend anything: what is not allowed is told, with its place.

use super::engine::place;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The source, with names and choices in it.
    Template,
    /// The result: braces mean nothing any more.
    Output,
}

const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "b",
    "blockquote",
    "body",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "main",
    "meta",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "u",
    "ul",
];

const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "charset",
    "class",
    "color",
    "colspan",
    "content",
    "dir",
    "face",
    "height",
    "href",
    "id",
    "lang",
    "name",
    "nowrap",
    "rel",
    "role",
    "rowspan",
    "scope",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "target",
    "title",
    "type",
    "valign",
    "width",
];

/// How an address may begin: the whole scheme stands there, so that no spelling of another does.
const LINKS: &[&str] = &["https://", "http://", "mailto:", "tel:", "#"];
const PICTURES: &[&str] = &["https://", "cid:"];

/// What a style on an element may not contain: all of it fetches, computes or hides.
const NO_STYLE: &[&str] = &[
    "url",
    "expression",
    "import",
    "behavior",
    "binding",
    "\\",
    "/*",
    "&",
];

/// The most that are told of one part.
const TOLD: usize = 5;

/// What is not allowed in some HTML, in order, each with line and column.
pub(super) fn faults(html: &str, kind: Kind) -> Vec<String> {
    let mut reader = Reader {
        html,
        at: 0,
        kind,
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

/// Where the reader is; everything before `at` was looked at.
struct Reader<'a> {
    html: &'a str,
    at: usize,
    kind: Kind,
    found: Vec<String>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.html.get(self.at..).unwrap_or_default()
    }

    fn fault(&mut self, at: usize, problem: &str) {
        if self.found.len() < TOLD {
            let place = place(self.html, at..at);
            self.found.push(format!("{place}{problem}"));
        }
    }

    /// Text and tags in turn. What cannot be read ends the reading: nothing behind it is certain.
    fn read(&mut self) {
        while !self.rest().is_empty() {
            if self.skip_template_tag() {
                continue;
            }
            let rest = self.rest();
            if !rest.starts_with('<') {
                self.step();
            } else if !self.read_tag() {
                return;
            }
        }
    }

    fn step(&mut self) {
        let next = self.rest().chars().next();
        self.at = self.at.saturating_add(next.map_or(1, char::len_utf8));
    }

    /// Steps over `{{ … }}`, `{% … %}` or `{# … #}` of a template.
    fn skip_template_tag(&mut self) -> bool {
        if self.kind == Kind::Output {
            return false;
        }
        let rest = self.rest();
        let end = ["{{", "{%", "{#"].iter().zip(["}}", "%}", "#}"]);
        let Some((_, end)) = end.into_iter().find(|(begin, _)| rest.starts_with(**begin)) else {
            return false;
        };
        let length = length_of_tag(rest, end);
        self.at = self.at.saturating_add(length);
        true
    }

    /// One tag from `<` to `>`; false where it cannot be read.
    fn read_tag(&mut self) -> bool {
        let begin = self.at;
        let rest = self.rest();
        if let Some(doctype) = rest.get(..9)
            && doctype.eq_ignore_ascii_case("<!doctype")
        {
            return self.skip_past('>');
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            self.fault(begin, "comments and declarations are not allowed");
            return false;
        }
        let closing = rest.starts_with("</");
        self.at = self.at.saturating_add(if closing { 2 } else { 1 });
        let element = self.word();
        if element.is_empty() {
            self.fault(begin, "a < that begins no element is written as &lt;");
            return false;
        }
        // Told once, where it begins; an end without a begin ends nothing.
        if !closing && !ELEMENTS.contains(&element.as_str()) {
            self.fault(begin, &format!("the element {element} is not allowed"));
        }
        self.read_attributes()
    }

    /// Attributes up to the end of the tag; false where they cannot be read.
    fn read_attributes(&mut self) -> bool {
        loop {
            self.skip_spaces();
            let rest = self.rest();
            if rest.starts_with('>') {
                self.step();
                return true;
            }
            if rest.starts_with('/') {
                self.step();
                continue;
            }
            let begin = self.at;
            let attribute = self.word();
            if attribute.is_empty() {
                self.fault(begin, "inside a tag, facts stand in quoted values only");
                return false;
            }
            if !ATTRIBUTES.contains(&attribute.as_str()) {
                self.fault(begin, &format!("the attribute {attribute} is not allowed"));
            }
            self.skip_spaces();
            if self.rest().starts_with('=') {
                self.step();
                self.skip_spaces();
                if !self.read_value(&attribute) {
                    return false;
                }
            }
        }
    }

    /// The value of an attribute; false where it cannot be read.
    fn read_value(&mut self, attribute: &str) -> bool {
        let begin = self.at;
        let Some(quote) = self
            .rest()
            .chars()
            .next()
            .filter(|sign| "\"'".contains(*sign))
        else {
            self.fault(begin, "the value of an attribute stands in quotes");
            return false;
        };
        self.step();
        let value = self.at;
        let mut has_facts = false;
        while !self.rest().starts_with(quote) {
            if self.rest().is_empty() {
                self.fault(begin, "the quotes of a value do not end");
                return false;
            }
            if self.skip_template_tag() {
                has_facts = true;
            } else {
                self.step();
            }
        }
        let text = self.html.get(value..self.at).unwrap_or_default();
        self.step();
        if let Some(problem) = problem_of(attribute, text, has_facts) {
            self.fault(value, problem);
        }
        true
    }

    /// Letters, digits and hyphens, in small letters.
    fn word(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '-')
            .unwrap_or(rest.len());
        self.at = self.at.saturating_add(length);
        rest.get(..length).unwrap_or_default().to_ascii_lowercase()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        let spaces = rest.len().saturating_sub(rest.trim_ascii_start().len());
        self.at = self.at.saturating_add(spaces);
    }

    fn skip_past(&mut self, sign: char) -> bool {
        match self.rest().find(sign) {
            Some(length) => {
                self.at = self
                    .at
                    .saturating_add(length)
                    .saturating_add(sign.len_utf8());
                true
            }
            None => {
                self.fault(self.at, "a tag does not end");
                false
            }
        }
    }
}

/// What is wrong with the value of an attribute.
fn problem_of(attribute: &str, value: &str, has_facts: bool) -> Option<&'static str> {
    let begins = |schemes: &[&str]| {
        let value = value.to_ascii_lowercase();
        schemes.iter().any(|scheme| value.starts_with(scheme))
    };
    match attribute {
        "href" if !begins(LINKS) => {
            Some("a link begins with https://, http://, mailto:, tel: or #")
        }
        "src" if !begins(PICTURES) => Some("a picture begins with https:// or cid:"),
        "style" if has_facts => Some("facts do not stand in a style"),
        "style" => {
            let style = value.to_ascii_lowercase();
            let bad = NO_STYLE.iter().any(|bad| style.contains(bad));
            bad.then_some("a style fetches, computes and hides nothing")
        }
        _ => None,
    }
}

/// How long a tag of the template is; strings in it may hold its end.
fn length_of_tag(text: &str, end: &str) -> usize {
    let mut quoted: Option<char> = None;
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(2) {
        match quoted {
            Some(_) if escaped => escaped = false,
            Some(_) if sign == '\\' => escaped = true,
            Some(quote) if sign == quote => quoted = None,
            Some(_) => {}
            None if text.get(at..).is_some_and(|rest| rest.starts_with(end)) => {
                return at.saturating_add(end.len());
            }
            // In a comment an apostrophe is only that.
            None if end != "#}" && matches!(sign, '"' | '\'') => quoted = Some(sign),
            None => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(html: &str) -> Vec<String> {
        faults(html, Kind::Template)
    }

    #[test]
    fn p34_what_a_mail_needs_is_allowed() {
        let good = [
            "<!DOCTYPE html><html lang=\"de\"><head><meta charset='utf-8'><title>T</title></head>\
             <body style=\"color: #333; margin: 0\"><p class=\"x\">1 &lt; 2<br/>\
             <a href=\"https://pay.example.com/?c={{ customer.external_id }}\">pay</a>\
             <a href='mailto:{{ sender.email|default(\"'}}\") }}'>write</a>\
             <img src=\"cid:logo\" alt=\"{{ sender.name }}\" width=\"10\"></p></body></html>",
            "{% for line in lines %}<tr><td>{{ line.invoice_number }}</td></tr>{% endfor %}",
            "{# don't mind <script> #}fine",
            "plain text with { braces } and > signs",
        ];
        for html in good {
            assert_eq!(template(html), [""; 0], "{html}");
        }
    }

    #[test]
    fn p34_code_in_every_place_is_told() {
        let bad = [
            "<script>alert(1)</script>",
            "<ScRiPt src=//evil.example></sCrIpT>",
            "<img src=x onerror=alert(1)>",
            "<img src=\"x\" onerror=\"alert(1)\">",
            "<svg/onload=alert(1)>",
            "<body onload=\"alert(1)\">",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\" javascript:alert(1)\">x</a>",
            "<a href=\"java\tscript:alert(1)\">x</a>",
            "<a href=\"&#106;avascript:alert(1)\">x</a>",
            "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
            "<a href=\"vbscript:x\">x</a>",
            "<a href=\"//evil.example\">x</a>",
            "<a href=\"{{ customer.external_id }}\">x</a>",
            "<a href={{ customer.external_id }}>x</a>",
            "<a {{ customer.name }}>x</a>",
            "<{{ customer.name }}>",
            "<p {% if lines %}class=\"x\"{% endif %}>",
            "<p style=\"{{ customer.name }}\">",
            "<p style=\"background: url(https://evil.example)\">",
            "<p style=\"width: expr/**/ession(alert(1))\">",
            "<p style=\"background: \\75rl(x)\">",
            "<p style=\"background: &#117;rl(x)\">",
            "<img src=\"http://tracker.example/x.gif\">",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<form action=\"https://evil.example\"><input></form>",
            "<meta http-equiv=\"refresh\" content=\"0\">",
            "<base href=\"https://evil.example/\">",
            "<style>p { color: red }</style>",
            "<link rel=\"stylesheet\" href=\"https://evil.example\">",
            "<!--[if mso]><script>x</script><![endif]-->",
            "<?xml version=\"1.0\"?>",
            "<p title=\"x>",
            "< script>alert(1)</script>",
            "<a href=\"https://x\" / onclick=\"x\">",
        ];
        for html in bad {
            assert_ne!(template(html), [""; 0], "{html}");
        }
    }

    #[test]
    fn a_problem_is_told_with_its_line_and_column() {
        assert_eq!(
            template("<p>\n ä<b onclick=\"x\">"),
            ["line 2, column 6: the attribute onclick is not allowed"]
        );
    }

    #[test]
    fn in_a_result_braces_hide_nothing() {
        let html = "{{ <script> }}";
        assert_eq!(template(html), [""; 0]);
        assert_eq!(faults(html, Kind::Output).len(), 1);
    }
}
