//! A workaround taken apart: sentences, and the commands among them with what is still open in each.

/// A piece of a workaround.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// One line of prose.
    Text(String),
    /// A command, whole, perhaps of several lines.
    Command(Command),
}

/// A command to run.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Command {
    /// As it is to be typed.
    pub(super) text: String,
    /// What must be filled in first: slots, `{{pod}}`, and words in capitals, `ADDRESS`.
    pub(super) open: Vec<String>,
}

/// Takes `workaround` apart. A line that begins with `$ ` is a command; it goes on while lines end in a backslash.
pub(super) fn steps(workaround: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = workaround.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        let Some(command) = line.trim_start().strip_prefix("$ ") else {
            if !line.trim().is_empty() {
                steps.push(Step::Text(line.trim().to_owned()));
            }
            continue;
        };
        let mut text = command.trim_start().to_owned();
        while text.ends_with('\\')
            && let Some(next) = lines.next()
        {
            text.push('\n');
            text.push_str(next);
        }
        let open = open_slots(&text);
        steps.push(Step::Command(Command { text, open }));
    }
    steps
}

/// What is open in any command of the steps, each once, in order.
pub(super) fn open_in(steps: &[Step]) -> Vec<&str> {
    let mut open: Vec<&str> = Vec::new();
    for step in steps {
        let Step::Command(command) = step else { continue };
        for slot in &command.open {
            if !open.contains(&slot.as_str()) {
                open.push(slot);
            }
        }
    }
    open
}

fn open_slots(command: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut add = |slot: &str| {
        if !open.iter().any(|known| known == slot) {
            open.push(slot.to_owned());
        }
    };
    for part in command.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            add(&format!("{{{{{name}}}}}"));
        }
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = command;
    let mut before = ' ';
    while let Some(start) = rest.find(is_word) {
        before = rest[..start].chars().next_back().unwrap_or(before);
        let word = &rest[start..];
        let length = word.find(|c| !is_word(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(length);
        if is_placeholder(word) && !matches!(before, '$' | '-') && !after.starts_with('=') {
            add(word);
        }
        before = word.chars().next_back().unwrap_or(before);
        rest = after;
    }
    open
}

/// Whether a word asks the reader for a value, such as `ADMIN_KUBECONFIG`: capitals, at least three letters.
fn is_placeholder(word: &str) -> bool {
    const NAMES: [&str; 12] =
        ["JSON", "YAML", "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "TCP", "UDP", "INPUT", "OUTPUT"];
    word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().filter(char::is_ascii_uppercase).count() >= 3
        && !word.contains(|c: char| c.is_ascii_lowercase())
        && !NAMES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::{Command, Step, open_in, steps};

    #[test]
    fn commands_are_set_apart_and_say_what_is_open() {
        let steps = steps(
            "First.\n\n$ kubectl delete pod {{pod}} -n NAMESPACE \\\n    --kubeconfig=ADMIN_KUBECONFIG\n  Then.\n",
        );
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0], Step::Text("First.".into()));
        assert_eq!(steps[2], Step::Text("Then.".into()));
        assert_eq!(open_in(&steps), ["{{pod}}", "NAMESPACE", "ADMIN_KUBECONFIG"]);
        let Step::Command(Command { text, .. }) = &steps[1] else { panic!("{steps:?}") };
        assert_eq!(text, "kubectl delete pod {{pod}} -n NAMESPACE \\\n    --kubeconfig=ADMIN_KUBECONFIG");
    }

    #[test]
    fn variables_methods_and_options_are_not_open() {
        let steps = steps("$ KUBECONFIG=/root/a curl -X GET $HOME/x -A INPUT -I ens192 ${NODE}");
        assert_eq!(open_in(&steps), ["NODE"], "a variable in braces is asked for");
    }
}
