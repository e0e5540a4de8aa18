//! The log as files: a line of JSON for each event, or a table.

use serde_json::Value;

use super::store::Entry;

/// The first line of a table.
pub const HEADING: &str = "id,at,event,actor,user_id,client_id,session_id,address,device,request_id,details\r\n";

/// An event as a line of JSON.
#[must_use]
pub fn json_line(entry: &Entry) -> String {
    let mut line = serde_json::to_value(entry).unwrap_or(Value::Null).to_string();
    line.push('\n');
    line
}

/// An event as a line of a table (RFC 4180).
#[must_use]
pub fn csv_line(entry: &Entry) -> String {
    line(&entry.texts())
}

/// Cells as a line of a table (RFC 4180).
#[must_use]
pub fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// One cell. What a spreadsheet would take for a formula is made text.
#[must_use]
pub fn cell(text: &str) -> String {
    let guard =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_text_whatever_it_begins_with() {
        for (text, written) in
            [("ada", "\"ada\""), ("a\"b,c", "\"a\"\"b,c\""), ("=1+1", "\"'=1+1\""), ("@x", "\"'@x\""), ("", "\"\"")]
        {
            assert_eq!(cell(text), written);
        }
    }
}
