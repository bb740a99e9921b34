//! What a small answer looks like in each format.

use super::*;

#[test]
fn json_has_every_key_in_the_order_of_the_columns() {
    insta::assert_snapshot!(text(addresses(three_unknown()), AnswerFormat::Json, None), @r#"
    {
      "question": "public-addresses",
      "rows": [
        {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.7","name":"=HYPERLINK(\"http://x\")|<script>","public":true,"change":-3,"allowed_by":["sg-1","sg-2"],"collected_at":"2026-11-28T02:00:00Z"},
        {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.8","name":"two\nlines \u001b[31m \u202e`x`","public":null,"change":1500,"allowed_by":[{"CidrIp":"0.0.0.0/0"}],"collected_at":"2026-11-28T02:00:00Z"},
        {"account_id":"444455556666","region":"us-east-1","public_ip":"203.0.113.9","name":"網頁 front_end","public":false,"change":null,"allowed_by":[],"collected_at":null}
      ],
      "coverage": {
        "as_of": {"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},
        "unknown": [
          {"account_id":"111122223333","region":"eu-west-1","table":"ec2_subnets","status":"not_started","error_code":null,"last_answered":null},
          {"account_id":"444455556666","region":"global","table":"route53_records","status":"denied","error_code":"AccessDenied","last_answered":"2026-11-27T02:00:00Z"},
          {"account_id":"444455556666","region":"*","table":"ec2_vpcs","status":"throttled","error_code":null,"last_answered":null}
        ]
      }
    }
    "#);
}

#[test]
fn json_of_all_questions_is_a_list_of_answers() {
    let set = AnswerSet::All(vec![addresses(Vec::new()), nothing(three_unknown())]);
    insta::assert_snapshot!(printed(&set, AnswerFormat::Json, AnswerLayout::default()).0, @r#"
    {
      "answers": [
        {
          "question": "public-addresses",
          "rows": [
            {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.7","name":"=HYPERLINK(\"http://x\")|<script>","public":true,"change":-3,"allowed_by":["sg-1","sg-2"],"collected_at":"2026-11-28T02:00:00Z"},
            {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.8","name":"two\nlines \u001b[31m \u202e`x`","public":null,"change":1500,"allowed_by":[{"CidrIp":"0.0.0.0/0"}],"collected_at":"2026-11-28T02:00:00Z"},
            {"account_id":"444455556666","region":"us-east-1","public_ip":"203.0.113.9","name":"網頁 front_end","public":false,"change":null,"allowed_by":[],"collected_at":null}
          ],
          "coverage": {
            "as_of": {"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},
            "unknown": []
          }
        },
        {
          "question": "unattached-volumes",
          "rows": [],
          "coverage": {
            "as_of": {"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},
            "unknown": [
              {"account_id":"111122223333","region":"eu-west-1","table":"ec2_subnets","status":"not_started","error_code":null,"last_answered":null},
              {"account_id":"444455556666","region":"global","table":"route53_records","status":"denied","error_code":"AccessDenied","last_answered":"2026-11-27T02:00:00Z"},
              {"account_id":"444455556666","region":"*","table":"ec2_vpcs","status":"throttled","error_code":null,"last_answered":null}
            ]
          }
        }
      ]
    }
    "#);
    let none = printed(&AnswerSet::All(Vec::new()), AnswerFormat::Json, AnswerLayout::default()).0;
    assert_eq!(serde_json::from_str::<Value>(&none).unwrap(), json!({"answers": []}));
}

#[test]
fn lines_end_with_the_coverage() {
    insta::assert_snapshot!(text(addresses(three_unknown()), AnswerFormat::Ndjson, None), @r#"
    {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.7","name":"=HYPERLINK(\"http://x\")|<script>","public":true,"change":-3,"allowed_by":["sg-1","sg-2"],"collected_at":"2026-11-28T02:00:00Z"}
    {"account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.8","name":"two\nlines \u001b[31m \u202e`x`","public":null,"change":1500,"allowed_by":[{"CidrIp":"0.0.0.0/0"}],"collected_at":"2026-11-28T02:00:00Z"}
    {"account_id":"444455556666","region":"us-east-1","public_ip":"203.0.113.9","name":"網頁 front_end","public":false,"change":null,"allowed_by":[],"collected_at":null}
    {"coverage":{"as_of":{"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},"unknown":[{"account_id":"111122223333","region":"eu-west-1","table":"ec2_subnets","status":"not_started","error_code":null,"last_answered":null},{"account_id":"444455556666","region":"global","table":"route53_records","status":"denied","error_code":"AccessDenied","last_answered":"2026-11-27T02:00:00Z"},{"account_id":"444455556666","region":"*","table":"ec2_vpcs","status":"throttled","error_code":null,"last_answered":null}]}}
    "#);
}

#[test]
fn lines_of_all_questions_name_their_question() {
    let set = AnswerSet::All(vec![addresses(Vec::new()), nothing(three_unknown())]);
    insta::assert_snapshot!(printed(&set, AnswerFormat::Ndjson, AnswerLayout::default()).0, @r#"
    {"question":"public-addresses","account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.7","name":"=HYPERLINK(\"http://x\")|<script>","public":true,"change":-3,"allowed_by":["sg-1","sg-2"],"collected_at":"2026-11-28T02:00:00Z"}
    {"question":"public-addresses","account_id":"111122223333","region":"eu-west-1","public_ip":"203.0.113.8","name":"two\nlines \u001b[31m \u202e`x`","public":null,"change":1500,"allowed_by":[{"CidrIp":"0.0.0.0/0"}],"collected_at":"2026-11-28T02:00:00Z"}
    {"question":"public-addresses","account_id":"444455556666","region":"us-east-1","public_ip":"203.0.113.9","name":"網頁 front_end","public":false,"change":null,"allowed_by":[],"collected_at":null}
    {"question":"public-addresses","coverage":{"as_of":{"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},"unknown":[]}}
    {"question":"unattached-volumes","coverage":{"as_of":{"oldest":"2026-11-27T02:00:00Z","newest":"2026-11-28T02:00:00Z"},"unknown":[{"account_id":"111122223333","region":"eu-west-1","table":"ec2_subnets","status":"not_started","error_code":null,"last_answered":null},{"account_id":"444455556666","region":"global","table":"route53_records","status":"denied","error_code":"AccessDenied","last_answered":"2026-11-27T02:00:00Z"},{"account_id":"444455556666","region":"*","table":"ec2_vpcs","status":"throttled","error_code":null,"last_answered":null}]}}
    "#);
}

#[test]
fn csv_is_pure_and_the_coverage_is_a_note() {
    let set = AnswerSet::One(addresses(three_unknown()));
    let (text, notes) = printed(&set, AnswerFormat::Csv, AnswerLayout::default());
    insta::assert_debug_snapshot!(text, @r#""account_id,region,public_ip,name,public,change,allowed_by,collected_at\r\n111122223333,eu-west-1,203.0.113.7,\"'=HYPERLINK(\"\"http://x\"\")|<script>\",true,-3,\"[\"\"sg-1\"\",\"\"sg-2\"\"]\",2026-11-28T02:00:00Z\r\n111122223333,eu-west-1,203.0.113.8,\"two\nlines \u{1b}[31m \u{202e}`x`\",,1500,\"[{\"\"CidrIp\"\":\"\"0.0.0.0/0\"\"}]\",2026-11-28T02:00:00Z\r\n444455556666,us-east-1,203.0.113.9,網頁 front_end,false,,[],\r\n""#);
    insta::assert_debug_snapshot!(notes, @r#"
    [
        "3 of 17,204 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.",
    ]
    "#);
    let layout = AnswerLayout { width: None, lists_coverage: true };
    insta::assert_snapshot!(printed(&set, AnswerFormat::Csv, layout).1.join("\n"), @"
    3 of 17,204 cells unknown, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z:
      111122223333  eu-west-1  ec2_subnets  not_started  -  -
      444455556666  global  route53_records  denied  AccessDenied  2026-11-27T02:00:00Z
      444455556666  *  ec2_vpcs  throttled  -  -
    ");
}

#[test]
fn csv_of_all_questions_has_one_form_of_line() {
    let set = AnswerSet::All(vec![addresses(Vec::new()), nothing(three_unknown())]);
    let (text, notes) = printed(&set, AnswerFormat::Csv, AnswerLayout::default());
    insta::assert_snapshot!(text.replace("\r\n", "\n"), @r#"
    question,account_id,region,values
    public-addresses,111122223333,eu-west-1,"{""public_ip"":""203.0.113.7"",""name"":""=HYPERLINK(\""http://x\"")|<script>"",""public"":true,""change"":-3,""allowed_by"":[""sg-1"",""sg-2""],""collected_at"":""2026-11-28T02:00:00Z""}"
    public-addresses,111122223333,eu-west-1,"{""public_ip"":""203.0.113.8"",""name"":""two\nlines \u001b[31m \u202e`x`"",""public"":null,""change"":1500,""allowed_by"":[{""CidrIp"":""0.0.0.0/0""}],""collected_at"":""2026-11-28T02:00:00Z""}"
    public-addresses,444455556666,us-east-1,"{""public_ip"":""203.0.113.9"",""name"":""網頁 front_end"",""public"":false,""change"":null,""allowed_by"":[],""collected_at"":null}"
    "#);
    insta::assert_snapshot!(notes.join("\n"), @"
    public-addresses: All 17,204 cells known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.
    unattached-volumes: 3 of 17,204 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.
    ");
}

#[test]
fn a_terminal_gets_no_control_character_of_a_csv() {
    let text = text(addresses(Vec::new()), AnswerFormat::Csv, Some(80));
    assert!(text.contains(r"two\nlines \u{1b}[31m \u{202e}`x`"), "{text}");
}

#[test]
fn markdown_is_a_table_in_which_nothing_is_markup() {
    insta::assert_snapshot!(text(addresses(three_unknown()), AnswerFormat::Md, None), @r#"
    | account_id | region | public_ip | name | public | change | allowed_by | collected_at |
    | --- | --- | --- | --- | --- | ---: | --- | --- |
    | 111122223333 | eu-west-1 | 203.0.113.7 | `=HYPERLINK("http://x")\|<script>` | true | -3 | `["sg-1","sg-2"]` | 2026-11-28T02:00:00Z |
    | 111122223333 | eu-west-1 | 203.0.113.8 | `` two\nlines \u{1b}[31m \u{202e}`x` `` | | 1500 | `[{"CidrIp":"0.0.0.0/0"}]` | 2026-11-28T02:00:00Z |
    | 444455556666 | us-east-1 | 203.0.113.9 | 網頁 front_end | false | | `[]` | |

    3 of 17,204 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.
    "#);
    let layout = AnswerLayout { width: None, lists_coverage: true };
    let set = AnswerSet::All(vec![nothing(Vec::new()), nothing(three_unknown())]);
    insta::assert_snapshot!(printed(&set, AnswerFormat::Md, layout).0, @"
    ## Volumes that nothing uses

    Nothing found.

    All 17,204 cells known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.

    ## Volumes that nothing uses

    Nothing found in the cells that were answered. The others may hold something.

    3 of 17,204 cells unknown, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z:

    | account_id | region | table | status | error_code | last_answered |
    | --- | --- | --- | --- | --- | --- |
    | 111122223333 | eu-west-1 | ec2_subnets | not_started | | |
    | 444455556666 | global | route53_records | denied | AccessDenied | 2026-11-27T02:00:00Z |
    | 444455556666 | `*` | ec2_vpcs | throttled | | |
    ");
}

#[test]
fn a_table_without_a_terminal_has_one_line_for_each_row() {
    insta::assert_snapshot!(text(addresses(three_unknown()), AnswerFormat::Table, None), @r#"
    account_id    region     public_ip    name                               public  change  allowed_by                collected_at
    111122223333  eu-west-1  203.0.113.7  =HYPERLINK("http://x")|<script>    true        -3  sg-1, sg-2                2026-11-28T02:00:00Z
    111122223333  eu-west-1  203.0.113.8  two\nlines \u{1b}[31m \u{202e}`x`  -         1500  [{"CidrIp":"0.0.0.0/0"}]  2026-11-28T02:00:00Z
    444455556666  us-east-1  203.0.113.9  網頁 front_end                     false        -  []                        -

    3 of 17,204 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.
    "#);
}

#[test]
fn a_table_fits_its_terminal() {
    insta::assert_snapshot!(text(addresses(Vec::new()), AnswerFormat::Table, Some(132)), @r#"
    account_id    region     public_ip    name                            public  change  allowed_by                collected_at
    111122223333  eu-west-1  203.0.113.7  =HYPERLINK("http://x")|<script  true        -3  sg-1, sg-2                2026-11-28T02:00:00Z
                                          >
    111122223333  eu-west-1  203.0.113.8  two\nlines \u{1b}[31m           -         1500  [{"CidrIp":"0.0.0.0/0"}]  2026-11-28T02:00:00Z
                                          \u{202e}`x`
    444455556666  us-east-1  203.0.113.9  網頁 front_end                  false        -  []                        -

    All 17,204 cells known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.
    "#);
}

#[test]
fn rows_become_blocks_where_the_columns_do_not_fit() {
    insta::assert_snapshot!(text(addresses(Vec::new()), AnswerFormat::Table, Some(60)), @r#"
    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.7
    name          =HYPERLINK("http://x")|<script>
    public        true
    change        -3
    allowed_by    sg-1, sg-2
    collected_at  2026-11-28T02:00:00Z

    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.8
    name          two\nlines \u{1b}[31m \u{202e}`x`
    public        -
    change        1500
    allowed_by    [{"CidrIp":"0.0.0.0/0"}]
    collected_at  2026-11-28T02:00:00Z

    account_id    444455556666
    region        us-east-1
    public_ip     203.0.113.9
    name          網頁 front_end
    public        false
    change        -
    allowed_by    []
    collected_at  -

    All 17,204 cells known, as of 2026-11-27T02:00:00Z to
    2026-11-28T02:00:00Z.
    "#);
    insta::assert_snapshot!(text(addresses(three_unknown()), AnswerFormat::Table, Some(40)), @r#"
    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.7
    name          =HYPERLINK("http://x")|<sc
                  ript>
    public        true
    change        -3
    allowed_by    sg-1, sg-2
    collected_at  2026-11-28T02:00:00Z

    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.8
    name          two\nlines \u{1b}[31m
                  \u{202e}`x`
    public        -
    change        1500
    allowed_by    [{"CidrIp":"0.0.0.0/0"}]
    collected_at  2026-11-28T02:00:00Z

    account_id    444455556666
    region        us-east-1
    public_ip     203.0.113.9
    name          網頁 front_end
    public        false
    change        -
    allowed_by    []
    collected_at  -

    3 of 17,204 cells unknown, for example
    route53_records of 444455556666: denied.
    Use --coverage to list them.
    "#);
}

#[test]
fn a_table_lists_the_unknown_cells_if_asked() {
    let set = AnswerSet::All(vec![addresses(Vec::new()), nothing(three_unknown())]);
    let layout = AnswerLayout { width: Some(100), lists_coverage: true };
    insta::assert_snapshot!(printed(&set, AnswerFormat::Table, layout).0, @r#"
    public-addresses: Public addresses

    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.7
    name          =HYPERLINK("http://x")|<script>
    public        true
    change        -3
    allowed_by    sg-1, sg-2
    collected_at  2026-11-28T02:00:00Z

    account_id    111122223333
    region        eu-west-1
    public_ip     203.0.113.8
    name          two\nlines \u{1b}[31m \u{202e}`x`
    public        -
    change        1500
    allowed_by    [{"CidrIp":"0.0.0.0/0"}]
    collected_at  2026-11-28T02:00:00Z

    account_id    444455556666
    region        us-east-1
    public_ip     203.0.113.9
    name          網頁 front_end
    public        false
    change        -
    allowed_by    []
    collected_at  -

    All 17,204 cells known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.

    unattached-volumes: Volumes that nothing uses

    Nothing found in the cells that were answered. The others may hold something.

    3 of 17,204 cells unknown, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z:
    account_id    region     table            status       error_code    last_answered
    111122223333  eu-west-1  ec2_subnets      not_started  -             -
    444455556666  global     route53_records  denied       AccessDenied  2026-11-27T02:00:00Z
    444455556666  *          ec2_vpcs         throttled    -             -
    "#);
}

#[test]
fn an_empty_answer_says_how_much_that_means() {
    let line = |answer: CoveredAnswer| text(answer, AnswerFormat::Table, None);
    insta::assert_snapshot!(line(nothing(Vec::new())), @"
    Nothing found.

    All 17,204 cells known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.
    ");
    insta::assert_snapshot!(line(nothing(three_unknown())), @"
    Nothing found in the cells that were answered. The others may hold something.

    3 of 17,204 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.
    ");
    let with = |change: fn(&mut Coverage)| {
        let mut answer = nothing(three_unknown());
        answer.coverage.iter_mut().for_each(change);
        line(answer)
    };
    insta::assert_snapshot!(with(|coverage| coverage.cells = 3), @"
    Nothing is known: no cell that this answer needs was answered.

    3 of 3 cells unknown, for example route53_records of 444455556666: denied. Use --coverage to list them.
    ");
    insta::assert_snapshot!(with(|coverage| { coverage.cells = 0; coverage.unknown.clear(); }), @"
    Nothing found.

    The inventory has no cell that this answer needs.
    ");
    insta::assert_snapshot!(with(|coverage| { coverage.cells = 1; coverage.unknown.clear(); }), @"
    Nothing found.

    The one cell is known, as of 2026-11-27T02:00:00Z to 2026-11-28T02:00:00Z.
    ");
    insta::assert_snapshot!(with(|coverage| { coverage.cells = 1; coverage.unknown.truncate(1); }), @"
    Nothing is known: no cell that this answer needs was answered.

    1 of 1 cell unknown, for example ec2_subnets of 111122223333 in eu-west-1: not_started. Use --coverage to list them.
    ");
    let listing = CoveredAnswer { coverage: None, ..addresses(Vec::new()) };
    assert!(text(listing.clone(), AnswerFormat::Json, None).contains("\"coverage\""));
    assert!(!text(listing, AnswerFormat::Table, None).contains("cell"));
}
