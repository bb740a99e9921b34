//! The words that external IDs are often made of, the rows of a keyboard, and the letters that follow each other in words.
//!
//! **Invariant:** lists only.

/// Known words by their first letter, in lower case: roles of an external ID, stages, companies of examples, vendors that ask
/// for external IDs, passwords, months.
pub(super) const WORDS: [&str; 26] = [
    "abc access account acct acme acmecorp admin administrator agent alpha amazon apac app apple application april aqua asset \
     assume assumerole audit auditor august auth aws azure",
    "babe backend backup banana beef beta billing blue bridge business",
    "cafe cast ceo change changeme checkmarx client cloud cloudability cloudcheckr cloudhealth cloudtrail cloudzero company \
     compliance config connect connector console contoso corp corporation cost cross crossaccount crowdstrike customer \
     customerid cyber",
    "data databricks datadog dead deadbeef december default delta demo deploy dev devel development devops dflt discovery dns \
     dragon drata dummy dynatrace",
    "east elastic emea enterprise env environment europe eval extern external externalid extid",
    "face fabrikam fake february feed fivetran flexera foobar foobarbaz force friday",
    "gamma gateway gitlab github global globex gmbh grafana green group guest guid",
    "hello hooli",
    "iam identifier identity import index infra infrastructure initech integration internal inventory",
    "january jenkins july june",
    "key",
    "lacework lambda letmein lima limited live llc login logs lorem ltd",
    "main management manager march master member metrics monday monitor monitoring monkey mongodb myapp mycompany \
     mysecret",
    "name network networks newrelic none nonprod north null number",
    "october okta onboard onboarding ops orca org organization organisation",
    "partner passphrase password passwd paloalto pass platform preprod prisma private prod product production prototype proxy \
     public purple",
    "qualys quality qwerty",
    "rapid7 random readonly red region release replace reporting role rolecall rolecallinventory root route53 rubrik",
    "saas sales salesforce sample sandbox scan scanner secret secure security segment september service services session \
     shared site snowflake soap south spacelift splunk spot spotinst stack stage staging standard stripe sts sumologic \
     summer sunshine support sysdig system",
    "team tenable tenant tenantid terraform test tester testing third thirdparty tmp todo token tool training trial trust \
     trusted tst",
    "uat unique uniqueid unknown user username uuid",
    "value vanta vault vendor vendordefault vendorid version vpc",
    "web welcome west winter wiz workspace world",
    "xxx xxxx",
    "your yourcompany",
    "zero zscaler",
];

/// Rows of keys, in both directions.
pub(super) const KEYBOARD: [&str; 14] = [
    "qwertyuiop",
    "poiuytrewq",
    "asdfghjkl",
    "lkjhgfdsa",
    "zxcvbnm",
    "mnbvcxz",
    "qwertzuiop",
    "poiuztrewq",
    "yxcvbnm",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p",
    "qazwsxedcrfvtgb",
    "zaq1xsw2cde3vfr4",
];

/// For each letter, those that often follow it in English: the 180 most frequent pairs of letters, 86 of 100 in a text, and 27
/// of 100 in random letters.
pub(super) const FOLLOWERS: [&str; 26] = [
    "bcdgilmnprstuv",
    "aeilou",
    "aehiklortu",
    "aeiosu",
    "acdefglmnprstvx",
    "efio",
    "aeir",
    "aeio",
    "abcdefglmnoprstvz",
    "",
    "ei",
    "adeilostuy",
    "aeiop",
    "acdeginost",
    "cdlmnoprstuvw",
    "aeiloprt",
    "u",
    "acdegimnorstuy",
    "acehiopstu",
    "aehiorstuy",
    "bcelmnprst",
    "aei",
    "aei",
    "",
    "",
    "e",
];
