//! The report of a demo: one HTML page that stands by itself, with charts as SVG, the tables and links
//! to the mails. The same story makes the same page, to the byte.
//!
//! Must not compute a figure or ask a service: what stands on the page is given to it.

mod charts;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::proof::eml::MailFile;
use super::proof::{History, Period, history};
use super::table::Table;

/// The template; its name makes the engine escape what is put in.
const PAGE: (&str, &str) = ("page.html", include_str!("page.html"));

/// What the page is called in its folder.
const FILE: &str = "report.html";

/// What stands on the page, from the top down.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it is about.
    pub title: String,
    /// Whose receivables they are.
    pub tenant_name: String,
    /// Words and numbers that one reads first: `customers`, `250`.
    pub facts: Vec<(String, String)>,
    /// From when to when.
    pub period: Period,
    /// What is drawn.
    pub history: History,
    /// The tables, in order.
    pub tables: Vec<Table>,
    /// The mails, which lie in the folder `mail` beside the page.
    pub mails: Vec<MailFile>,
}

/// The page as the template reads it.
#[derive(Debug, Serialize)]
struct Page<'a> {
    title: &'a str,
    tenant_name: &'a str,
    from_date: String,
    to_date: String,
    facts: &'a [(String, String)],
    sections: Vec<Section>,
    tables: Vec<Shown<'a>>,
    mails: Vec<Linked<'a>>,
}

/// A cell, and whether it is a number.
type Cell<'a> = (&'a str, bool);

#[derive(Debug, Serialize)]
struct Shown<'a> {
    title: &'a str,
    note: &'a str,
    head: Vec<Cell<'a>>,
    rows: Vec<Vec<Cell<'a>>>,
}

/// A mail that is linked to.
#[derive(Debug, Serialize)]
struct Linked<'a> {
    name: &'a str,
    time: String,
    recipient: &'a str,
    subject: &'a str,
}

/// A group of charts that tell of one thing.
#[derive(Debug, Serialize)]
struct Section {
    title: &'static str,
    /// What is drawn, with its unit.
    note: String,
    charts: Vec<Chart>,
}

#[derive(Debug, Serialize)]
struct Chart {
    caption: String,
    svg: String,
}

/// Writes the page into a folder, which must be there; answers where it is.
///
/// # Errors
/// A chart cannot be drawn, or the file not be written.
pub fn write(report: &Report, out_dir: &Path) -> anyhow::Result<PathBuf> {
    let path = out_dir.join(FILE);
    let page = page(report)?;
    fs::write(&path, page).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// The page.
///
/// # Errors
/// A chart cannot be drawn.
pub fn page(report: &Report) -> anyhow::Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let (name, source) = PAGE;
    environment.add_template(name, source)?;
    let page = Page {
        title: &report.title,
        tenant_name: &report.tenant_name,
        from_date: report.period.from_date.to_string(),
        to_date: report.period.to_date.to_string(),
        facts: &report.facts,
        sections: sections(&report.history)?,
        tables: report.tables.iter().map(Shown::of).collect(),
        mails: report.mails.iter().map(Linked::of).collect(),
    };
    Ok(environment.get_template(name)?.render(Serde(page))?)
}

fn sections(history: &History) -> anyhow::Result<Vec<Section>> {
    let receivables = history.receivables.iter().map(|one| {
        Ok(Chart {
            caption: charts::named(&one.currency),
            svg: charts::aging(one)?,
        })
    });
    let cash = history.cash.iter().map(|one| {
        Ok(Chart {
            caption: charts::named(&one.currency),
            svg: charts::cash(one)?,
        })
    });
    let dso = Chart {
        caption: "All currencies".to_owned(),
        svg: charts::dso(&history.receivables)?,
    };
    let cures = Chart {
        caption: "All currencies".to_owned(),
        svg: charts::cures(&history.cures)?,
    };
    let (dso_days, cure_days) = (history::DSO_DAYS, history::CURE_DAYS);
    Ok(vec![
        Section {
            title: "Receivables by age",
            note: "Open at each month's end, by days past due".to_owned(),
            charts: receivables.collect::<anyhow::Result<_>>()?,
        },
        Section {
            title: "Cash in by week",
            note: "Received less returned and refunded, weeks from Monday".to_owned(),
            charts: cash.collect::<anyhow::Result<_>>()?,
        },
        Section {
            title: "Days sales outstanding",
            note: format!(
                "Open at each month's end ÷ sales of the last {dso_days} days × {dso_days}"
            ),
            charts: vec![dso],
        },
        Section {
            title: "Cure rate by step",
            note: format!(
                "Invoices paid in full within {cure_days} days of the step, of all it reminded of"
            ),
            charts: vec![cures],
        },
    ])
}

impl<'a> Shown<'a> {
    fn of(table: &'a Table) -> Self {
        let numeric = |place: usize| {
            table
                .columns
                .get(place)
                .is_some_and(|column| column.numeric)
        };
        let cells = |row: &'a Vec<String>| -> Vec<Cell<'a>> {
            let cells = row.iter().enumerate();
            cells
                .map(|(place, text)| (text.as_str(), numeric(place)))
                .collect()
        };
        let head = table.columns.iter();
        Self {
            title: &table.title,
            note: &table.note,
            head: head
                .map(|column| (column.title.as_str(), column.numeric))
                .collect(),
            rows: table.rows.iter().map(cells).collect(),
        }
    }
}

impl<'a> Linked<'a> {
    fn of(mail: &'a MailFile) -> Self {
        Self {
            name: &mail.name,
            time: mail.time.strftime("%Y-%m-%d %H:%M").to_string(),
            recipient: &mail.recipient,
            subject: &mail.subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::{Currency, Decimal};
    use uuid::Uuid;

    use super::super::proof::history::{Cash, Cure, Month, Receivables};
    use super::super::table::Column;
    use super::*;

    fn month(number: i8, open: i64) -> Month {
        Month {
            date: date(2026, number, 1).last_of_month(),
            buckets: [open, 30, 20, 10, 5].map(Decimal::from),
            dso: (number > 2).then_some(Decimal::new(481_234, 4)),
        }
    }

    fn history() -> History {
        let pound = Currency::try_new("GBP").unwrap();
        let of = |currency| Receivables {
            currency,
            months: (1..=4).map(|number| month(number, 1_000_000)).collect(),
        };
        let weeks = vec![
            (date(2026, 1, 5), Decimal::from(12_345)),
            (date(2026, 1, 12), Decimal::from(-200)),
        ];
        let cure = |step_code: &str, level, cured| Cure {
            step_code: step_code.to_owned(),
            level,
            reminded: 40,
            cured,
        };
        History {
            receivables: vec![of(Currency::EUR), of(pound)],
            cash: vec![Cash {
                currency: Currency::EUR,
                weeks,
            }],
            cures: vec![cure("reminder", 1, 25), cure("<b>warning</b>", 2, 10)],
        }
    }

    fn report() -> Report {
        let mail = MailFile {
            name: "20260206T070000Z-c-1-at-kunde.example.eml".to_owned(),
            message_id: Uuid::nil(),
            time: "2026-02-06T07:00:00Z".parse().unwrap(),
            recipient: "c-1@kunde.example".to_owned(),
            subject: "Rechnung <script>alert(1)</script>".to_owned(),
        };
        let column = |title: &str, numeric| Column {
            title: title.to_owned(),
            numeric,
        };
        let table = Table {
            title: "Placements & recovery".to_owned(),
            note: "net of commission".to_owned(),
            columns: vec![column("agency", false), column("recovered", true)],
            rows: vec![vec!["Inkasso \"A\"".to_owned(), "1 234.00".to_owned()]],
        };
        Report {
            title: "Eighteen months".to_owned(),
            tenant_name: "Müller & Söhne <GmbH>".to_owned(),
            facts: vec![("customers".to_owned(), "250".to_owned())],
            period: Period {
                from_date: date(2026, 1, 1),
                to_date: date(2026, 4, 30),
            },
            history: history(),
            tables: vec![table],
            mails: vec![mail],
        }
    }

    #[test]
    fn the_page_stands_by_itself_and_is_the_same_each_time() {
        let page = page(&report()).unwrap();
        assert_eq!(page, super::page(&report()).unwrap());
        for outside in ["src=", "<link", "@import", "url(http", "<script"] {
            assert!(!page.contains(outside), "{outside}");
        }
        assert_eq!(
            page.matches("<svg").count(),
            5,
            "two agings, one cash, DSO, cures"
        );
        assert_eq!(
            page.matches("<section").count(),
            page.matches("</section>").count()
        );
        assert_eq!(page.matches("<figure").count(), 5);
    }

    #[test]
    fn p34_what_is_put_in_is_text() {
        let page = page(&report()).unwrap();
        for text in [
            "Müller &amp; Söhne &lt;GmbH&gt;",
            "&lt;script&gt;alert(1)",
            "Inkasso &quot;A&quot;",
            "Placements &amp; recovery",
        ] {
            assert!(page.contains(text), "{text}");
        }
        assert!(!page.contains("<b>warning"), "also inside charts");
    }

    #[test]
    fn charts_have_axes_units_and_legends() {
        let page = page(&report()).unwrap();
        for text in [
            "Euro (EUR)",
            "not due",
            "1-30",
            "&gt;90",
            "Jan 2026",
            "Apr 2026",
            "05 Jan 26",
            "days",
            "percent",
            "GBP",
            "reminder (40)",
        ] {
            assert!(page.contains(text), "{text}");
        }
        let link = "<a href=\"mail/20260206T070000Z-c-1-at-kunde.example.eml\">";
        assert!(page.contains(link));
    }

    #[test]
    fn a_book_without_anything_makes_a_page_too() {
        let empty = Report {
            history: History::default(),
            tables: Vec::new(),
            mails: Vec::new(),
            ..report()
        };
        let page = page(&empty).unwrap();
        assert!(page.contains("No mail left."), "{page}");
    }
}
