"""Writes the holiday files beside this script from the PyPI package `holidays`.

Run it when a country changes its law or when the years run out, in a throw-away environment:

    python3 -m venv ENV && ENV/bin/pip install holidays==0.108 && ENV/bin/python generate.py

Review the difference before committing: past days that move change what was once decided. Every
file carries the day it was made as its version, and decisions store that version.
"""

import datetime
import pathlib

import holidays

FIRST_YEAR = 2011
LAST_YEAR = 2032

# Calendar id: (country, subdivision or None, what it holds). National holidays only, except for the
# United Kingdom, which has no common list that a business could work by: GB is England and Wales.
CALENDARS = {
    "AT": ("AT", None, "Austria: public holidays"),
    "DE": ("DE", None, "Germany: public holidays of all states"),
    "ES": ("ES", None, "Spain: national holidays"),
    "FR": ("FR", None, "France: public holidays of the mainland"),
    "GB": ("GB", "ENG", "United Kingdom: bank holidays of England and Wales"),
    "GB-NIR": ("GB", "NIR", "United Kingdom: bank holidays of Northern Ireland"),
    "GB-SCT": ("GB", "SCT", "United Kingdom: bank holidays of Scotland"),
    "IT": ("IT", None, "Italy: public holidays"),
    "JP": ("JP", None, "Japan: public holidays"),
    "NL": ("NL", None, "Netherlands: public holidays"),
    "PL": ("PL", None, "Poland: public holidays"),
    "US": ("US", None, "United States: federal holidays and their observed days"),
}

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def calendar_file(calendar_id, country, subdivision, name, made_on):
    days = holidays.country_holidays(
        country, subdiv=subdivision, years=range(FIRST_YEAR, LAST_YEAR + 1), language="en_US"
    )
    weekend = ", ".join(quoted(WEEKDAYS[day]) for day in sorted(days.weekend))
    lines = [
        f"# Made by generate.py on {made_on} from the PyPI package holidays {holidays.__version__} (MIT).",
        "# Do not edit: change the generator and run it again.",
        f"id = {quoted(calendar_id)}",
        f"name = {quoted(name)}",
        f"version = {quoted(made_on)}",
        f"source = {quoted(f'PyPI holidays {holidays.__version__}')}",
        f"first_year = {FIRST_YEAR}",
        f"last_year = {LAST_YEAR}",
        f"weekend = [{weekend}]",
        "",
        "[holidays]",
    ]
    # An observed New Year's Day can fall on the last day of the year before the first.
    lines += [
        f"{day.isoformat()} = {quoted(title)}"
        for day, title in sorted(days.items())
        if FIRST_YEAR <= day.year <= LAST_YEAR
    ]
    return "\n".join(lines) + "\n"


def main():
    made_on = datetime.date.today().isoformat()
    folder = pathlib.Path(__file__).parent
    for calendar_id, (country, subdivision, name) in CALENDARS.items():
        text = calendar_file(calendar_id, country, subdivision, name, made_on)
        (folder / f"{calendar_id.lower()}.toml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
