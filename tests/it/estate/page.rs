//! A report page as it is written: the blocks in it, for tests that compare them with other answers.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// The JSON of a page, block by block.
pub(super) struct Page {
    blocks: BTreeMap<String, Value>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut blocks = BTreeMap::new();
        for block in text.split("<script type=\"application/").skip(1) {
            let (head, rest) = block.split_once("\">").expect("a block");
            let (_, name) = head.split_once("id=\"data-").expect("a name");
            let (content, _) = rest.split_once("</script>").expect("an end");
            let json = match head.contains("gzip+base64") {
                true => {
                    let bytes = BASE64_STANDARD.decode(content).expect("base64");
                    let mut text = String::new();
                    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip");
                    text
                }
                false => content.to_owned(),
            };
            blocks.insert(name.to_owned(), serde_json::from_str(&json).expect("JSON"));
        }
        Self { blocks }
    }

    pub(super) fn head(&self) -> &Value {
        &self.blocks["estate"]
    }

    pub(super) fn map(&self) -> &Value {
        &self.blocks["map"]
    }

    /// The heads of the sheets by their names.
    pub(super) fn sheets(&self) -> BTreeMap<&str, &Value> {
        let sheets = self.head()["sheets"].as_array().expect("sheets").iter();
        sheets.map(|sheet| (sheet["name"].as_str().expect("a name"), sheet)).collect()
    }

    /// The rows of a sheet as objects.
    pub(super) fn rows(&self, sheet: &str) -> Vec<Value> {
        let columns = self.sheets()[sheet]["columns"].as_array().expect("columns");
        let name = |column: &Value| column["name"].as_str().expect("a name").to_owned();
        let row = |values: &Value| {
            let values = values.as_array().expect("a row").iter().cloned();
            Value::Object(columns.iter().map(name).zip(values).collect::<Map<_, _>>())
        };
        self.blocks[&format!("sheet-{sheet}")].as_array().expect("rows").iter().map(row).collect()
    }

    /// The lines of the search.
    pub(super) fn searched(&self) -> Vec<&str> {
        self.blocks["search"]["lines"].as_str().expect("lines").lines().collect()
    }
}
