//! The place that a log line names.

use memchr::memmem;

use super::Place;
use super::name::{is_uid, label, namespaced, node, object};
use super::path::files_of_runtime;

/// How much of a line is searched.
const HEAD: usize = 8192;

/// The place that a line names: the host of a journal, the host of a task of Ansible, the fields `node` and `pod` of
/// structured logs, the object of an event, the files of a container.
///
/// The node or pod is the one the line speaks of, which is not always the one that wrote it: a line of a controller
/// names others. So the path of the entry goes first, see [`Place::or`].
pub fn place_of_line(line: &[u8]) -> Place {
    let line = &line[..line.len().min(HEAD)];
    let host = journal_host(line).or_else(|| ansible_host(line));
    Place { node: host, ..Place::default() }
        .or(fields(line))
        .or(object_of_event(line))
        .or(row_of_event(line))
        .or(identified_pod(line))
        .or(runtime(line))
        .or(runtime_file(line))
        .or(log_prefix(line))
}

/// The host that wrote a line of a journal: `Mar 27 10:55:29 HOST kubelet[6155]: …`, with the stamp in any form.
pub(crate) fn host_of_line(line: &[u8]) -> Option<String> {
    journal_host(&line[..line.len().min(HEAD)])
}

fn journal_host(line: &[u8]) -> Option<String> {
    let mut words = line.split(|b| *b == b' ').filter(|word| !word.is_empty());
    words.by_ref().take(5).find(|word| is_clock(word) || is_instant(word))?;
    let next = [words.next()?, words.next()?, words.next().unwrap_or_default()];
    // The name of a zone may stand between time and host.
    let host = (0..2).find(|at| is_program(next[at + 1]))?;
    node(next[host])
}

/// `10:55:29`, also with a fraction.
fn is_clock(word: &[u8]) -> bool {
    let shape = |(at, b): (usize, &u8)| if matches!(at, 2 | 5) { *b == b':' } else { b.is_ascii_digit() };
    word.len() >= 8 && word.iter().enumerate().take(8).all(shape) && matches!(word.get(8), None | Some(b'.'))
}

/// `2022-03-04T20:16:43+0900`.
fn is_instant(word: &[u8]) -> bool {
    word.len() >= 19 && word[4] == b'-' && word[10] == b'T' && word[13] == b':'
}

/// `kubelet[6155]:`, or one of the few programs whose number is left out. Other words with a colon are prose.
fn is_program(word: &[u8]) -> bool {
    let Some(name) = word.strip_suffix(b":") else { return false };
    let Some(name) = name.strip_suffix(b"]") else {
        return matches!(name, b"kernel" | b"systemd" | b"audit" | b"sudo");
    };
    let number = memchr::memrchr(b'[', name).filter(|at| *at > 0).map(|at| &name[at + 1..]);
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// The host of `fatal: [10.200.0.138]: FAILED! => …` and of `10.200.0.138 : ok=52 changed=9 …`.
fn ansible_host(line: &[u8]) -> Option<String> {
    const RESULTS: [&[u8]; 7] =
        [b"fatal", b"failed", b"changed", b"ok", b"unreachable", b"skipping", b"RETRYING"];
    let task = memmem::find_iter(line, b": [").find_map(|at| {
        let result = RESULTS.iter().find(|result| line[..at].ends_with(result))?;
        if line[..at - result.len()].last().is_some_and(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let rest = &line[at + 3..];
        let end = memchr::memchr(b']', rest)?;
        let goes_on = rest[end + 1..].trim_ascii_start();
        let sure = goes_on.is_empty()
            || goes_on.starts_with(b":")
            || goes_on.starts_with(b"=>")
            || goes_on.starts_with(b"(item=");
        let host = rest[..end].split(|b| *b == b' ').next()?;
        if sure { node(host) } else { None }
    });
    task.or_else(|| {
        let at = memmem::find(line, b" : ok=")?;
        memmem::find(&line[at..], b"unreachable=")?;
        node(line[..at].trim_ascii())
    })
}

/// The fields `node` and `pod` of structured logs, by the names that programs give them.
fn fields(line: &[u8]) -> Place {
    let field = |keys: &[&str]| keys.iter().find_map(|key| value_of(line, key.as_bytes()));
    let node_name = field(&["nodeName", "node", "node_name"]).and_then(node);
    let cluster = field(&["cluster_name"]).and_then(label);
    let whole = field(&["pod", "podName", "pod_name"]);
    let (namespace, pod) = match whole.and_then(namespaced) {
        Some((namespace, pod)) => (Some(namespace), Some(pod)),
        None => {
            let pod = whole.and_then(object);
            let namespace =
                pod.as_ref().and_then(|_| field(&["namespace_name", "podNamespace", "namespace"]));
            (namespace.and_then(label), pod)
        }
    };
    let container =
        pod.as_ref().and_then(|_| field(&["containerName", "container_name", "container"])).and_then(label);
    Place { cluster, node: node_name, namespace, pod, container }
}

/// The value of `key="value"`, `key=value` or `"key": "value"`, quotes escaped or not.
fn value_of<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    memmem::find_iter(line, key).find_map(|at| {
        let inside = line[..at].last().is_some_and(|b| is_of_name(*b));
        if inside {
            return None;
        }
        let (rest, quoted_key) = quote(&line[at + key.len()..]);
        let rest = rest.trim_ascii_start();
        let (by, rest) = rest.split_first()?;
        let (rest, quoted) = quote(rest.trim_ascii_start());
        // In prose a colon follows many a word.
        let field = match by {
            b'=' => true,
            b':' => quoted_key && quoted,
            _ => false,
        };
        let end = rest.iter().position(|b| !(is_of_name(*b) || matches!(b, b'/' | b':')));
        let value = &rest[..end.unwrap_or(rest.len())];
        (field && !value.is_empty()).then_some(value)
    })
}

/// The text behind a quote, escaped at any depth, and whether there was one.
fn quote(text: &[u8]) -> (&[u8], bool) {
    let escapes = text.iter().take_while(|b| **b == b'\\').count();
    match text[escapes..].strip_prefix(b"\"") {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

fn is_of_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}

/// The object of an event: in JSON, as Go prints it, or as the controllers log it.
fn object_of_event(line: &[u8]) -> Place {
    let json = memmem::find(line, b"involvedObject").map(|at| until(&line[at..], b'}')).and_then(|text| {
        let kind = value_of(text, b"kind")?;
        Some((kind, value_of(text, b"namespace"), value_of(text, b"name")?))
    });
    let printed = || {
        let at = memmem::find(line, b"ObjectReference{")?;
        let text = until(&line[at..], b'}');
        Some((member(text, b"Kind:")?, member(text, b"Namespace:"), member(text, b" Name:")?))
    };
    let logged = || {
        let kind = value_of(line, b"kind")?;
        let object = value_of(line, b"object")?;
        Some(match memchr::memchr(b'/', object) {
            Some(at) => (kind, Some(&object[..at]), &object[at + 1..]),
            None => (kind, None, object),
        })
    };
    let Some((kind, namespace, name)) = json.or_else(printed).or_else(logged) else {
        return Place::default();
    };
    object_place(kind, namespace, name)
}

/// The place of an object, if it is a pod or a node.
fn object_place(kind: &[u8], namespace: Option<&[u8]>, name: &[u8]) -> Place {
    match kind {
        b"Pod" | b"pod" => match object(name) {
            Some(pod) => Place { namespace: namespace.and_then(label), pod: Some(pod), ..Place::default() },
            None => Place::default(),
        },
        b"Node" | b"node" => Place { node: node(name), ..Place::default() },
        _ => Place::default(),
    }
}

fn until(text: &[u8], end: u8) -> &[u8] {
    &text[..memchr::memchr(end, text).unwrap_or(text.len())]
}

/// The value of a member of a structure that Go printed: `Name:anetd-x2,` or `Name:"anetd-x2",`.
fn member<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(text, key)?;
    let (rest, _) = quote(&text[at + key.len()..]);
    let end = rest.iter().position(|b| !is_of_name(*b)).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// A row of `kubectl get events`: `[NAMESPACE] 5m12s Warning BackOff pod/NAME …`.
fn row_of_event(line: &[u8]) -> Place {
    let words: Vec<&[u8]> =
        line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(5).collect();
    let (namespace, row) = match &words[..] {
        [age, b"Normal" | b"Warning", ..] if is_age(age) => (None, &words[..]),
        [namespace, age, b"Normal" | b"Warning", ..] if is_age(age) => (Some(*namespace), &words[1..]),
        _ => return Place::default(),
    };
    let Some(object) = row.get(3) else { return Place::default() };
    match memchr::memchr(b'/', object) {
        Some(at) => object_place(&object[..at], namespace, &object[at + 1..]),
        None => Place::default(),
    }
}

/// `5m12s`, `<unknown>`.
fn is_age(word: &[u8]) -> bool {
    word == b"<unknown>"
        || (word[0].is_ascii_digit() && word.iter().all(|b| b.is_ascii_digit() || b"smhdy".contains(b)))
}

/// The pod of `anetd-x2_kube-system(UID)`, and its container in `container=cilium-agent pod=…`.
fn identified_pod(line: &[u8]) -> Place {
    let found = memchr::memchr_iter(b'(', line).find_map(|at| {
        let uid = until(&line[at + 1..], b')');
        if !is_uid(uid) {
            return None;
        }
        let start = line[..at].iter().rposition(|b| !is_of_name(*b)).map_or(0, |before| before + 1);
        let by = start + memchr::memchr(b'_', &line[start..at])?;
        Some(Place {
            namespace: Some(label(&line[by + 1..at])?),
            pod: Some(object(&line[start..by])?),
            container: value_of(&line[..start], b"container").and_then(label),
            ..Place::default()
        })
    });
    found.unwrap_or_default()
}

/// What the container runtime and the network plugins call a pod.
fn runtime(line: &[u8]) -> Place {
    let printed = memmem::find(line, b"PodSandboxMetadata{").and_then(|at| {
        let text = until(&line[at..], b'}');
        Some((member(text, b"Namespace:")?, member(text, b"Name:")?))
    });
    let plugin = || Some((value_of(line, b"K8S_POD_NAMESPACE")?, value_of(line, b"K8S_POD_NAME")?));
    match printed.or_else(plugin) {
        Some((namespace, name)) => object_place(b"Pod", Some(namespace), name),
        None => Place::default(),
    }
}

/// The pod whose log file the line names.
fn runtime_file(line: &[u8]) -> Place {
    let Some(at) =
        memmem::find(line, b"/var/log/pods/").or_else(|| memmem::find(line, b"/var/log/containers/"))
    else {
        return Place::default();
    };
    let end = line[at..].iter().position(|b| !(is_of_name(*b) || *b == b'/')).unwrap_or(line.len() - at);
    let parts: Vec<&[u8]> = line[at..at + end].split(|b| *b == b'/').collect();
    files_of_runtime(&parts)
}

/// `[pod/NAME/CONTAINER] …`, as `kubectl logs --prefix` puts it in front.
fn log_prefix(line: &[u8]) -> Place {
    let names = line.strip_prefix(b"[pod/").and_then(|rest| {
        let names = until(rest, b']');
        let at = memchr::memchr(b'/', names)?;
        Some(Place {
            pod: Some(object(&names[..at])?),
            container: label(&names[at + 1..]),
            ..Place::default()
        })
    });
    names.unwrap_or_default()
}
