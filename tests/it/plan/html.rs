//! `plan --format html`: one page that needs no network and does what its own template says, nothing else.

use roxmltree::{Document, Node, ParsingOptions};

use crate::support::Case;

const HOSTILE: &str =
    "</title></text><script>alert(1)</script><img src=x onerror=alert(1)>\\\"'&amp;{{ 7*7 }}";

fn plan(schedule: &str) -> String {
    format!(
        "mainstay: 1
title: \"{HOSTILE}\"
owner: \"{HOSTILE}\"
timezone: Europe/Berlin
windows:
  night: {{cron: \"0 2 * * *\", duration: 4h}}
blackouts:
  \"freeze\": {{from: 2026-03-20, to: 2026-03-22}}
tasks:
  tidy:
    title: \"{HOSTILE}\"
    type: routine
    domain: component
    schedule: {{cron: \"0 2 * * *\"}}
    window: night
    duration: 20m
    steps: [{{run: [\"true\"]}}]
  weekly:
    type: preventive
    domain: data
    schedule: {schedule}
    duration: 2h
    steps: [{{run: [\"true\"]}}]
"
    )
}

fn page(case: &Case, horizon: &str) -> String {
    case.run(&format!("--now 2026-03-07T11:00:00Z plan --horizon {horizon} --format html"))
        .exit(0)
        .take_text()
}

/// The drawing is XML inside of HTML.
fn drawing(page: &str) -> &str {
    let start = page.find("<svg viewBox=\"0 0 1200").expect("a drawing");
    let end = page[start..].find("</svg>").expect("its end");
    &page[start..start + end + "</svg>".len()]
}

fn bars<'a>(svg: &'a Document, class: &str) -> Vec<Node<'a, 'a>> {
    svg.descendants().filter(|it| it.has_tag_name("rect") && it.attribute("class") == Some(class)).collect()
}

#[test]
fn a_page_needs_no_network_and_runs_nothing() {
    let page = page(&Case::new().plan_file(plan("{every: 7d}")), "3w");
    for forbidden in ["<script", "<img", "<link", "<iframe", "http:", "https:", "src=", "href=", "@import"] {
        let found = page.match_indices(forbidden).map(|(at, _)| &page[at.saturating_sub(60)..at + 20]);
        let escaped = |text: &&str| text.contains("&lt;") || text.contains("&gt;");
        assert_eq!(
            found.filter(|text| !escaped(text)).collect::<Vec<_>>(),
            Vec::<&str>::new(),
            "{forbidden}"
        );
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
    // The title says itself, whole, and nothing in it is a template.
    assert!(page.contains("{{ 7*7 }}"));
    let svg = Document::parse(drawing(&page)).expect("well-formed");
    let label = svg
        .descendants()
        .find(|it| it.has_tag_name("title") && it.text().is_some_and(|text| text.contains("alert")));
    let shown = HOSTILE.replace("\\\"", "\"");
    assert_eq!(label.and_then(|label| label.text()), Some(shown.as_str()));
}

#[test]
fn every_piece_of_work_is_drawn_where_and_as_what_it_is() {
    let case = Case::new().plan_file(plan("{every: 7d}"));
    let json = case.run("--now 2026-03-07T11:00:00Z plan --horizon 3w --format json").json();
    let text = page(&case, "3w");
    let svg = Document::parse_with_options(drawing(&text), ParsingOptions::default()).expect("well-formed");
    assert_eq!(bars(&svg, "new").len(), json["occurrences"].as_array().unwrap().len());
    assert_eq!(bars(&svg, "unplaced").len(), json["unplaced"].as_array().unwrap().len());
    assert_eq!(bars(&svg, "kept").len() + bars(&svg, "moved").len() + bars(&svg, "gone").len(), 0);
    let span = 1200.0 - 210.0 - 14.0;
    let (from, length) = (at("2026-03-07T11:00:00Z"), 21.0 * 86_400.0);
    let mut expected: Vec<f64> = json["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| 210.0 + (at(it["start"].as_str().unwrap()) - from) / length * span)
        .collect();
    let mut found: Vec<f64> =
        bars(&svg, "new").iter().map(|it| it.attribute("x").unwrap().parse().unwrap()).collect();
    expected.sort_by(f64::total_cmp);
    found.sort_by(f64::total_cmp);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 0.1, "{found} is not {expected}");
    }
    // A window each night of both rows that have one, a blackout, and a tick every other midnight.
    let path = |class| svg.descendants().find(|it| it.attribute("class") == Some(class)).unwrap();
    assert_eq!(path("window").attribute("d").unwrap().matches('M').count(), 21);
    assert!(svg.descendants().any(|it| it.attribute("fill") == Some("url(#hatch)")));
    let axis = svg.descendants().find(|it| it.attribute("class") == Some("axis")).unwrap();
    let ticks: Vec<_> =
        axis.children().filter(|it| it.has_tag_name("text")).map(|it| it.text().unwrap()).collect();
    assert_eq!(ticks.len(), 10);
    assert_eq!((ticks[0], ticks[9]), ("Mon 03-09", "Fri 03-27"));
}

fn at(text: &str) -> f64 {
    let instant: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
    f64::from(i32::try_from(instant.timestamp()).unwrap())
}

#[test]
fn what_changed_is_marked() {
    let case = Case::new().plan_file(plan("{every: 7d}"));
    case.run("--now 2026-03-07T11:00:00Z plan --horizon 1w --publish").any_output().exit(0);
    let text = page(&case, "1w");
    assert!(text.contains("as published in revision 1"));
    let svg = Document::parse(drawing(&text)).unwrap();
    assert_eq!((bars(&svg, "kept").len(), bars(&svg, "new").len()), (8, 0));

    let case = case.plan_file(plan("{every: 7d}\n    window: night").replace("tidy:", "tidier:"));
    let text = page(&case, "1w");
    let svg = Document::parse(drawing(&text)).unwrap();
    assert_eq!((bars(&svg, "moved").len(), bars(&svg, "was").len()), (1, 1));
    assert_eq!((bars(&svg, "new").len(), bars(&svg, "gone").len()), (7, 7));
    assert!(text.contains("~ was Sat 2026-03-07 12:00") && text.contains("What is gone"));
    assert!(text.contains("7 new, 1 moved, 7 dropped since revision 1"));
}

/// Two tasks that need the only person, of which the second cannot end when it is due.
const ONE_PERSON: &str = "mainstay: 1
timezone: Europe/Berlin
resources: {crew: 1}
tasks:
  first:
    type: preventive
    domain: data
    priority: 90
    schedule: {at: 2026-03-08T00:00:00Z, tolerance: 2h}
    duration: 2h
    resources: {crew: 1}
    steps: [{run: [\"true\"]}]
  second:
    type: preventive
    domain: data
    priority: 10
    schedule: {at: 2026-03-08T00:00:00Z, tolerance: 2h}
    duration: 2h
    resources: {crew: 1}
    steps: [{run: [\"true\"]}]
";

/// The headlines of a page, as they are coloured.
fn headlines(page: &str) -> Vec<&str> {
    let parts = page.split("<p class=\"headline ").skip(1);
    parts.filter_map(|part| part.split("</p>").next()).collect()
}

#[test]
fn what_is_late_and_by_how_much_is_told_also_of_a_schedule_in_force() {
    let case = Case::new().plan_file(ONE_PERSON);
    case.run("--now 2026-03-07T11:00:00Z plan --horizon 1w --publish").any_output().exit(0);
    let text = case.run("--now 2026-03-07T11:00:00Z plan --horizon 1w").any_output().take_text();
    assert!(text.contains("late by 2 hours") && text.contains("as published in revision 1"), "{text}");

    let late = page(&case, "1w");
    let told = headlines(&late);
    assert!(told[0].starts_with("warning\">") && told[0].contains("as published in revision 1"), "{told:?}");
    assert!(told[1].starts_with("warning\">1 occurrence late, by 2h in all"), "{told:?}");
    let section =
        late.split("What is late").nth(1).expect("a section").split("</table>").next().expect("a table");
    assert!(section.contains("second@2026-03-08T00:00:00Z") && !section.contains("first@"), "{section}");
    for cell in ["Sun 2026-03-08 03:00", "Sun 2026-03-08 05:00", "2 hours"] {
        assert!(section.contains(&format!(">{cell}</span></td>")), "{cell} is not in {section}");
    }

    let in_time = case.plan_file(ONE_PERSON.replace("tolerance: 2h", "tolerance: 4h"));
    in_time.run("--now 2026-03-07T11:00:00Z plan --horizon 1w --publish").any_output().exit(0);
    let page = page(&in_time, "1w");
    assert!(headlines(&page)[0].starts_with("good\">") && !page.contains("What is late"), "{page}");
}

#[test]
fn a_schedule_in_force_that_leaves_work_out_is_no_good_news() {
    let schedule = "{at: 2026-03-08T00:00:00Z, tolerance: 3h}\n    window: night";
    let case = Case::new().plan_file(plan(schedule).replace("duration: 2h", "duration: 5h"));
    case.run("--now 2026-03-07T11:00:00Z plan --horizon 1w --publish").any_output();
    let page = page(&case, "1w");
    assert!(headlines(&page)[0].starts_with("bad\">"), "{:?}", headlines(&page));
    assert!(page.contains("What cannot happen"), "{page}");
}

#[test]
fn a_schedule_of_thousands_stays_a_page() {
    let every_minute = plan("{cron: \"* * * * *\"}").replace("duration: 2h", "duration: 1s");
    let text = page(&Case::new().plan_file(every_minute), "1w");
    let n_bars = text.matches("<rect class=\"new\"").count();
    assert!(n_bars < 50, "{n_bars} bars that nobody can tell apart");
}
