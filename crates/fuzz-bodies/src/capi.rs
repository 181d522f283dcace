//! Calls of the C ABI in any order: no panic crosses it, what is given is written on success only, errors on failure only.

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use arbitrary::{Arbitrary, Unstructured};
use loggrep_abm::analyzer::*;
use loggrep_abm::error::*;
use loggrep_abm::ffi::lgabm_text;
use loggrep_abm::options::*;
use loggrep_abm::report::*;
use loggrep_abm::session::*;
use loggrep_abm::signatures::*;

const FILE: &str = include_str!("../../../signatures/network-gateway-group-missing-interface-ip.toml");
const LINE: &[u8] =
    b"creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"\n";

/// One call; indices choose among the handles that live, or NULL.
#[derive(Arbitrary, Debug)]
enum Call<'a> {
    Limit(i32, u64),
    Threads(u32),
    Language(&'a str),
    MinConfidence(&'a str),
    MinSeverity(&'a str),
    Version(&'a str),
    Context(u32),
    Only(&'a str),
    Include(&'a str),
    Exclude(&'a str),
    Since(&'a str),
    Until(&'a str),
    /// Cancels after so many calls of the callback.
    Progress(u8),
    Evidence(u8),
    Signatures(&'a str, &'a [u8]),
    Check(&'a [u8]),
    Analyzer {
        with_signatures: bool,
        with_options: bool,
    },
    Analyze {
        analyzer: u8,
        name: &'a [u8],
        data: &'a [u8],
        line: bool,
    },
    Session {
        analyzer: u8,
        name: Option<&'a str>,
    },
    Begin {
        session: u8,
        name: &'a [u8],
        mtime: i64,
    },
    Push {
        session: u8,
        data: &'a [u8],
        line: bool,
    },
    End(u8),
    Finish(u8),
    Write {
        report: u8,
        format: i32,
    },
    Look {
        report: u8,
        index: u8,
    },
    FromJson(&'a [u8]),
    FreeAnalyzer(u8),
    FreeSession(u8),
    FreeReport(u8),
    FreeOptions,
    FreeSignatures,
}

extern "C" fn progress(user: *mut c_void, _bytes: u64, _issues: u64) -> i32 {
    i32::from(user as usize == 1)
}

extern "C" fn evidence(user: *mut c_void, evidence: *const lgabm_provisional) -> i32 {
    // SAFETY: the library promises evidence that lives until this returns.
    let evidence = unsafe { &*evidence };
    read(evidence.id);
    read(evidence.path);
    read(evidence.text);
    i32::from(user as usize == 1)
}

/// Reads all of a text, so that a pointer that leads nowhere is met.
fn read(text: lgabm_text) {
    assert!(!text.data.is_null());
    // SAFETY: the library promises as many bytes as it says.
    let bytes = unsafe { std::slice::from_raw_parts(text.data.cast::<u8>(), text.len) };
    assert!(std::str::from_utf8(bytes).is_ok(), "a text that is not UTF-8");
}

fn parts(bytes: &[u8]) -> (*const c_char, usize) {
    (bytes.as_ptr().cast(), bytes.len())
}

/// Whether the call did what it says; looks at the error object where it did not.
fn settled(status: lgabm_status, error: *mut lgabm_error) -> bool {
    assert_ne!(status, lgabm_status::LGABM_PANIC);
    assert_eq!(status == lgabm_status::LGABM_OK, error.is_null(), "{status:?}");
    if !error.is_null() {
        let mut text = lgabm_text { data: null(), len: 0 };
        // SAFETY: the error was given by the call before and is freed here alone.
        unsafe {
            assert_eq!(lgabm_error_status(error), status);
            assert_eq!(lgabm_error_message(error, &mut text), lgabm_status::LGABM_OK);
            assert!(text.len > 0, "an error without a message");
            read(text);
            lgabm_error_free(error);
        }
    }
    status == lgabm_status::LGABM_OK
}

/// Handles that live.
struct State {
    options: *mut lgabm_options,
    signatures: *mut lgabm_signatures,
    analyzers: Vec<*mut lgabm_analyzer>,
    sessions: Vec<*mut lgabm_session>,
    reports: Vec<*mut lgabm_report>,
}

/// The handle of an index, NULL for one beyond.
fn pick<T>(handles: &[*mut T], index: u8) -> *mut T {
    handles.get(usize::from(index) % (handles.len() + 1)).copied().unwrap_or(null_mut())
}

/// Takes a handle out, so that it can be freed.
fn take<T>(handles: &mut Vec<*mut T>, index: u8) -> *mut T {
    if handles.is_empty() { null_mut() } else { handles.swap_remove(usize::from(index) % handles.len()) }
}

impl State {
    fn new() -> State {
        let name = "network-gateway-group-missing-interface-ip.toml";
        let of = |text: &str| lgabm_text { data: text.as_ptr().cast(), len: text.len() };
        let file = lgabm_signature_file { name: of(name), text: of(FILE) };
        let (mut signatures, mut error) = (null_mut(), null_mut());
        // SAFETY: the file and its texts live until the call returns.
        let status = unsafe { lgabm_signatures_from_memory(&file, 1, 0, &mut signatures, &mut error) };
        assert!(settled(status, error));
        let options = lgabm_options_new();
        let mut error = null_mut();
        // SAFETY: the options were made above.
        let status = unsafe { lgabm_options_set_threads(options, 1, &mut error) };
        assert!(settled(status, error));
        let (analyzers, sessions, reports) = (Vec::new(), Vec::new(), Vec::new());
        State { options, signatures, analyzers, sessions, reports }
    }

    /// Options that take a text.
    fn text_option(
        &mut self,
        text: &str,
        set: unsafe extern "C" fn(
            *mut lgabm_options,
            *const c_char,
            usize,
            *mut *mut lgabm_error,
        ) -> lgabm_status,
    ) {
        let (data, len) = parts(text.as_bytes());
        let mut error = null_mut();
        // SAFETY: the options live or are NULL, and so does the text.
        let status = unsafe { set(self.options, data, len, &mut error) };
        settled(status, error);
    }

    fn call(&mut self, call: &Call<'_>) {
        let mut error = null_mut();
        let with_line = |data: &[u8], line: bool| if line { [data, LINE].concat() } else { data.to_vec() };
        // SAFETY: every handle that is passed lives or is NULL, every pointer leads to a slice that lives until the call
        // returns, and no other thread has a handle that is changed or freed.
        unsafe {
            match call {
                Call::Limit(limit, value) => {
                    // A time that is short makes results depend on the machine; one that is none is the default.
                    let value = if *limit == 10 { 0 } else { *value };
                    settled(lgabm_options_set_limit(self.options, *limit % 24, value, &mut error), error);
                }
                Call::Threads(threads) => {
                    settled(lgabm_options_set_threads(self.options, threads % 4, &mut error), error);
                }
                Call::Language(text) => self.text_option(text, lgabm_options_set_language),
                Call::MinConfidence(text) => self.text_option(text, lgabm_options_set_min_confidence),
                Call::MinSeverity(text) => self.text_option(text, lgabm_options_set_min_severity),
                Call::Version(text) => self.text_option(text, lgabm_options_set_cluster_version),
                Call::Only(text) => self.text_option(text, lgabm_options_add_only),
                Call::Include(text) => self.text_option(text, lgabm_options_add_include),
                Call::Exclude(text) => self.text_option(text, lgabm_options_add_exclude),
                Call::Since(text) => self.text_option(text, lgabm_options_set_since),
                Call::Until(text) => self.text_option(text, lgabm_options_set_until),
                Call::Context(lines) => {
                    settled(lgabm_options_set_context(self.options, *lines, &mut error), error);
                }
                Call::Progress(user) => {
                    let user = usize::from(user % 3) as *mut c_void;
                    settled(
                        lgabm_options_set_progress(self.options, Some(progress), user, &mut error),
                        error,
                    );
                }
                Call::Evidence(user) => {
                    let user = usize::from(user % 3) as *mut c_void;
                    settled(
                        lgabm_options_set_evidence(self.options, Some(evidence), user, &mut error),
                        error,
                    );
                }
                Call::Signatures(name, text) => {
                    let of = |bytes: &[u8]| lgabm_text { data: bytes.as_ptr().cast(), len: bytes.len() };
                    let file = lgabm_signature_file { name: of(name.as_bytes()), text: of(text) };
                    let mut signatures = null_mut();
                    if settled(lgabm_signatures_from_memory(&file, 1, 0, &mut signatures, &mut error), error)
                    {
                        let mut id = lgabm_text { data: null(), len: 0 };
                        for index in 0..lgabm_signatures_count(signatures) {
                            assert_eq!(
                                lgabm_signatures_id(signatures, index, &mut id),
                                lgabm_status::LGABM_OK
                            );
                            read(id);
                        }
                    }
                    lgabm_signatures_free(signatures);
                }
                Call::Check(text) => {
                    let of = |bytes: &[u8]| lgabm_text { data: bytes.as_ptr().cast(), len: bytes.len() };
                    let file = lgabm_signature_file { name: of(b"x.toml"), text: of(text) };
                    let mut mistakes = null_mut();
                    if settled(lgabm_mistakes_of_memory(&file, 1, &mut mistakes, &mut error), error) {
                        for index in 0..lgabm_mistakes_count(mistakes) {
                            let (mut mistake, mut text) = (null(), lgabm_text { data: null(), len: 0 });
                            assert_eq!(
                                lgabm_mistakes_get(mistakes, index, &mut mistake),
                                lgabm_status::LGABM_OK
                            );
                            assert_eq!(lgabm_mistake_message(mistake, &mut text), lgabm_status::LGABM_OK);
                            read(text);
                        }
                    }
                    lgabm_mistakes_free(mistakes);
                }
                Call::Analyzer { with_signatures, with_options } => {
                    let signatures = if *with_signatures { self.signatures } else { null_mut() };
                    let options = if *with_options { self.options } else { null_mut() };
                    let mut analyzer = null_mut();
                    let made =
                        settled(lgabm_analyzer_new(signatures, options, &mut analyzer, &mut error), error);
                    assert_eq!(made, !analyzer.is_null());
                    self.analyzers.extend(made.then_some(analyzer));
                }
                Call::Analyze { analyzer, name, data, line } => {
                    let ((name, name_len), data) = (parts(name), with_line(data, *line));
                    let (data, data_len) = parts(&data);
                    let (analyzer, mut report) = (pick(&self.analyzers, *analyzer), null_mut());
                    let status = lgabm_analyzer_analyze_bytes(
                        analyzer,
                        name,
                        name_len,
                        data,
                        data_len,
                        &mut report,
                        &mut error,
                    );
                    let made = settled(status, error);
                    assert_eq!(made, !report.is_null());
                    self.reports.extend(made.then_some(report));
                }
                Call::Session { analyzer, name } => {
                    let (name, len) = name.map_or((null(), 0), |name| parts(name.as_bytes()));
                    let (analyzer, mut session) = (pick(&self.analyzers, *analyzer), null_mut());
                    let made =
                        settled(lgabm_session_new(analyzer, name, len, &mut session, &mut error), error);
                    self.sessions.extend(made.then_some(session));
                }
                Call::Begin { session, name, mtime } => {
                    let (session, (name, len)) = (pick(&self.sessions, *session), parts(name));
                    settled(lgabm_session_begin(session, name, len, *mtime, &mut error), error);
                }
                Call::Push { session, data, line } => {
                    let data = with_line(data, *line);
                    let (session, (data, len)) = (pick(&self.sessions, *session), parts(&data));
                    settled(lgabm_session_push(session, data, len, &mut error), error);
                }
                Call::End(session) => {
                    settled(lgabm_session_end(pick(&self.sessions, *session), &mut error), error);
                }
                Call::Finish(session) => {
                    let (session, mut report) = (pick(&self.sessions, *session), null_mut());
                    let made = settled(lgabm_session_finish(session, &mut report, &mut error), error);
                    assert_eq!(made, !report.is_null());
                    self.reports.extend(made.then_some(report));
                }
                Call::Write { report, format } => {
                    let mut buffer = null_mut();
                    let report = pick(&self.reports, *report);
                    if settled(lgabm_report_write(report, *format % 10, &mut buffer, &mut error), error) {
                        let mut text = lgabm_text { data: null(), len: 0 };
                        assert_eq!(lgabm_buffer_text(buffer, &mut text), lgabm_status::LGABM_OK);
                        assert!(text.len > 0);
                        read(text);
                    }
                    lgabm_buffer_free(buffer);
                }
                Call::Look { report, index } => look(pick(&self.reports, *report), usize::from(*index)),
                Call::FromJson(json) => {
                    let ((json, len), mut report) = (parts(json), null_mut());
                    let made = settled(lgabm_report_from_json(json, len, &mut report, &mut error), error);
                    self.reports.extend(made.then_some(report));
                }
                Call::FreeAnalyzer(index) => lgabm_analyzer_free(take(&mut self.analyzers, *index)),
                Call::FreeSession(index) => lgabm_session_free(take(&mut self.sessions, *index)),
                Call::FreeReport(index) => lgabm_report_free(take(&mut self.reports, *index)),
                Call::FreeOptions => lgabm_options_free(std::mem::replace(&mut self.options, null_mut())),
                Call::FreeSignatures => {
                    lgabm_signatures_free(std::mem::replace(&mut self.signatures, null_mut()));
                }
            }
        }
    }
}

/// # Safety
///
/// `report` is NULL or lives.
unsafe fn look(report: *const lgabm_report, index: usize) {
    let mut text = lgabm_text { data: null(), len: 0 };
    // SAFETY: as the caller holds; findings and evidence belong to the report.
    unsafe {
        let findings = lgabm_report_finding_count(report);
        let mut finding = null();
        let status = lgabm_report_finding(report, index, &mut finding);
        assert_eq!(status == lgabm_status::LGABM_OK, index < findings, "{status:?}");
        if status == lgabm_status::LGABM_OK {
            for get in
                [lgabm_finding_id, lgabm_finding_title, lgabm_finding_workaround, lgabm_finding_first_seen]
            {
                assert_eq!(get(finding, &mut text), lgabm_status::LGABM_OK);
                read(text);
            }
            for at in 0..lgabm_finding_evidence_count(finding) {
                let mut evidence = null();
                assert_eq!(lgabm_finding_evidence(finding, at, &mut evidence), lgabm_status::LGABM_OK);
                assert_eq!(lgabm_evidence_text(evidence, &mut text), lgabm_status::LGABM_OK);
                read(text);
                assert!(lgabm_evidence_line(evidence) >= 1);
            }
        }
        let mut problem = null();
        let status = lgabm_report_problem(report, index, &mut problem);
        if status == lgabm_status::LGABM_OK {
            assert_eq!(lgabm_problem_message(problem, &mut text), lgabm_status::LGABM_OK);
            read(text);
        }
    }
}

/// A sequence of calls, made of the bytes.
pub(crate) fn calls(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let mut state = State::new();
    for _ in 0..40 {
        if source.is_empty() {
            break;
        }
        let Ok(call) = Call::arbitrary(&mut source) else { break };
        state.call(&call);
    }
    // SAFETY: what is left lives and is freed once; in an order that C programs get wrong: what others were made of first.
    unsafe {
        lgabm_signatures_free(state.signatures);
        lgabm_options_free(state.options);
        state.analyzers.into_iter().for_each(|handle| lgabm_analyzer_free(handle));
        state.sessions.into_iter().for_each(|handle| lgabm_session_free(handle));
        state.reports.into_iter().for_each(|handle| lgabm_report_free(handle));
    }
}
