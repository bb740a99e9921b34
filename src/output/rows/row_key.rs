//! Which keys are those of files with rows. Any writer of the output may have written the documents that name them.
//!
//! **Invariant:** reads nothing.

/// The folders of the files with rows.
const ROW_FOLDERS: [&str; 2] = ["parquet", "ndjson"];

/// Returns whether a key lies below a folder with rows, whatever the store makes of its parts.
pub(crate) fn is_row_key(key: &str) -> bool {
    let mut parts = key.split('/');
    let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    parts.next().is_some_and(|folder| ROW_FOLDERS.contains(&folder)) && parts.clone().count() > 0 && parts.all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_below_the_folders_with_rows() {
        for (key, is_row_file) in [
            ("parquet/ec2_vpcs/dt=2026-11-21/x.0.1234abcd.0.parquet", true),
            ("ndjson/ledger/dt=2026-11-21/x.0.1234abcd.0.ndjson.gz", true),
            ("runs/x/plan.json", false),
            ("targets.json", false),
            ("/etc/passwd", false),
            ("parquet", false),
            ("parquet/", false),
            ("parquet//etc/passwd", false),
            ("parquet/../runs/x/plan.json", false),
            ("parquet/./x", false),
            ("ndjson/x/..", false),
            ("ndjson/..\\x", false),
            ("../ndjson/x", false),
            ("", false),
        ] {
            assert_eq!(is_row_key(key), is_row_file, "{key}");
        }
    }
}
