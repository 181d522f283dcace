//! Tables as `kubectl get` and `crictl ps` print them.

/// A header and rows below it.
#[derive(Debug)]
pub(super) struct Table<'t> {
    /// Names of the columns and the character at which each begins.
    header: Vec<(&'t str, usize)>,
    lines: Vec<(u64, &'t str)>,
}

/// Lines before the header, such as warnings.
const BEFORE: usize = 8;

impl<'t> Table<'t> {
    /// The tables in a text, where a line near its beginning is a header: `kubectl get all` prints one for each kind.
    ///
    /// `before` are the lines before the text.
    pub(super) fn all(text: &'t str, before: u64) -> Vec<Table<'t>> {
        let mut tables: Vec<Table<'t>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if let Some(header) = header(line) {
                tables.push(Table { header, lines: Vec::new() });
            } else if let Some(table) = tables.last_mut() {
                if !line.trim().is_empty() {
                    table.lines.push((before + index as u64 + 1, line));
                }
            } else if index + 1 >= BEFORE {
                break;
            }
        }
        tables
    }

    /// Whether it has this column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.header.iter().any(|(name, _)| *name == column)
    }

    /// Every row with its line.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_, 't>> {
        self.lines.iter().filter_map(|&(line, text)| {
            let cells = self.cells(text)?;
            Some(Row { header: &self.header, cells, line, text })
        })
    }

    /// Cells stand two or more blanks apart; where that does not give one for each column, they stand below the
    /// header; and in a narrow table they are single words.
    fn cells(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let apart: Vec<&str> = wide(text).map(|(cell, _)| cell).collect();
        if apart.len() == self.header.len() {
            return Some(apart);
        }
        let below = self.below_header(text);
        if below.is_some() {
            return below;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        (words.len() == self.header.len()).then_some(words)
    }

    /// Cells cut where the columns of the header begin, each of which follows a blank.
    fn below_header(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let at = |column: usize| text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
        let starts: Vec<usize> = self.header.iter().map(|(_, column)| at(*column)).collect();
        let follows_blank =
            |start: &usize| *start == 0 || *start == text.len() || text[..*start].ends_with(' ');
        if self.header.len() < 2 || !starts.iter().all(follows_blank) {
            return None;
        }
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let cells: Vec<&str> = starts.iter().zip(ends).map(|(start, end)| text[*start..end].trim()).collect();
        (!cells[0].is_empty()).then_some(cells)
    }
}

/// One row.
pub(super) struct Row<'r, 't> {
    header: &'r [(&'t str, usize)],
    cells: Vec<&'t str>,
    pub(super) line: u64,
    pub(super) text: &'t str,
}

impl<'t> Row<'_, 't> {
    /// The cell of a column; `<none>` and its like are none.
    pub(super) fn cell(&self, column: &str) -> Option<&'t str> {
        let at = self.header.iter().position(|(name, _)| *name == column)?;
        let cell = self.cells.get(at).copied()?;
        (!matches!(cell, "" | "<none>" | "<unknown>" | "<nil>")).then_some(cell)
    }
}

/// The columns of a line of capitals.
fn header(line: &str) -> Option<Vec<(&str, usize)>> {
    let line = line.trim_end();
    // Units stand in parentheses: `MEMORY(bytes)`.
    let mut inside = false;
    let mut form = |c: char| {
        inside = (inside || c == '(') && c != ')';
        inside || c.is_ascii_uppercase() || matches!(c, ' ' | '\t' | '-' | '_' | ')' | '/' | '%')
    };
    if line.len() < 4
        || line.len() > 4096
        || !line.starts_with(|c: char| c.is_ascii_uppercase())
        || !line.chars().all(&mut form)
    {
        return None;
    }
    let columns: Vec<(&str, usize)> = wide(line).collect();
    if columns.len() > 1 {
        return Some(columns);
    }
    let words: Vec<(&str, usize)> =
        line.split(' ').map(|word| (word, word.as_ptr() as usize - line.as_ptr() as usize)).collect();
    (words.len() > 1).then_some(words)
}

/// The parts of a line that stand two or more blanks or a tab apart, and the character at which each begins.
fn wide(line: &str) -> impl Iterator<Item = (&str, usize)> {
    let line = line.trim_end();
    let parts = line.split('\t').flat_map(|part| part.split("  "));
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.map(move |part| {
        let at = part.as_ptr() as usize - line.as_ptr() as usize;
        (part, line[..at].chars().count())
    })
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn read(text: &str, columns: &[&str]) -> Vec<String> {
        let row = |row: super::Row<'_, '_>| {
            let cells: Vec<&str> = columns.iter().map(|column| row.cell(column).unwrap_or("-")).collect();
            format!("{} {}", row.line, cells.join("|"))
        };
        let tables = Table::all(text, 0);
        match tables.is_empty() {
            true => vec!["no table".to_owned()],
            false => tables.iter().flat_map(|table| table.rows().map(row).collect::<Vec<_>>()).collect(),
        }
    }

    #[test]
    fn rows_of_tables() {
        let wide = "NAME     STATUS     OS-IMAGE             EXTERNAL-IP\nnode-1   Ready      Ubuntu 20.04.5 LTS   <none>\nnode-2   NotReady   Rocky Linux 8.6      10.1.1.1\n";
        assert_eq!(
            read(wide, &["NAME", "OS-IMAGE", "EXTERNAL-IP"]),
            ["2 node-1|Ubuntu 20.04.5 LTS|-", "3 node-2|Rocky Linux 8.6|10.1.1.1"]
        );
        let empty_cell = "NAMESPACE        NAME   PASS   AGE\ncluster-user-1   u1            45m\ncluster-user-1   u2     true   3d\n";
        assert_eq!(read(empty_cell, &["NAME", "PASS", "AGE"]), ["2 u1|-|45m", "3 u2|true|3d"]);
        let narrow = "NAMESPACE NAME PASS AGE\ncluster-ci ci true 20d\n";
        assert_eq!(read(narrow, &["NAME", "PASS"]), ["2 ci|true"]);
        let restarts = "NAME    READY   STATUS             RESTARTS       AGE\npod-1   0/1     CrashLoopBackOff   12 (3m ago)    2d\n";
        assert_eq!(read(restarts, &["STATUS", "RESTARTS"]), ["2 CrashLoopBackOff|12 (3m ago)"]);
        let preamble = "W0119 10:00:00.0 1 x.go:1] warning\nNAME   ABM VERSION   DESIRED ABM VERSION\n10.0.0.1   1.13.0   1.14.0\n";
        assert_eq!(read(preamble, &["ABM VERSION", "DESIRED ABM VERSION"]), ["3 1.13.0|1.14.0"]);
        let tabs = "NAME\tSTATUS\tOS-IMAGE\nnode-1\tReady\tUbuntu 20.04.5 LTS\n";
        assert_eq!(read(tabs, &["NAME", "OS-IMAGE"]), ["2 node-1|Ubuntu 20.04.5 LTS"]);
        let units = "NAME      CPU(cores)   MEMORY(bytes)\nagent-x   12m          4700Mi\n";
        assert_eq!(read(units, &["NAME", "MEMORY(bytes)"]), ["2 agent-x|4700Mi"]);
        let all = "NAME      READY   STATUS\npod/a-1   1/1     Running\n\nNAME        TYPE        AGE\nservice/b   ClusterIP   2d\n";
        assert_eq!(read(all, &["NAME", "STATUS"]), ["2 pod/a-1|Running", "5 service/b|-"]);
        for none in ["", "name x", "NAME", "Error from server (NotFound)", "{\"NAME\": 1}"] {
            assert_eq!(read(none, &[]), ["no table"], "{none}");
        }
    }

    #[test]
    fn odd_rows_do_no_harm() {
        for text in [
            "NAME   AGE\n\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\n",
            "NAME   AGE\n  x\n",
            "NAME   AGE\nNAME   AGE\n",
        ] {
            read(text, &["NAME", "AGE"]);
        }
    }
}
