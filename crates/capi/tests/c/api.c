/* Every function of the header: what it gives, every NULL, wrong order of calls. Arguments: a bundle, a directory of
 * signatures, an empty directory. Prints nothing unless a check fails. */

#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <loggrep_abm.h>

static void fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    exit(1);
}

#define CHECK(condition) ((condition) ? (void)0 : fail(__FILE__, __LINE__, #condition))
#define OK(call) CHECK((call) == LGABM_OK)
#define IS(status, call) CHECK((call) == (status))
/* A call whose last argument is `&error`: it fails with that status, an error that says the same, and a message. */
#define FAILS(status, call) (IS(status, call), expect_error(&error, status, __LINE__))

static const lgabm_text none = {NULL, 0};

static void expect_error(lgabm_error **error, lgabm_status status, int line)
{
    lgabm_text message = none;
    if (*error == NULL || lgabm_error_status(*error) != status ||
        lgabm_error_message(*error, &message) != LGABM_OK || message.len == 0) {
        fail(__FILE__, line, "the error says what the status says");
    }
    lgabm_error_free(*error);
    *error = NULL;
}

static int is(lgabm_text text, const char *expected)
{
    return text.data != NULL && text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static int has(lgabm_text text, const char *part)
{
    size_t n = strlen(part), i;
    for (i = 0; i + n <= text.len; i++) {
        if (memcmp(text.data + i, part, n) == 0) {
            return 1;
        }
    }
    return 0;
}

static int same(lgabm_text a, lgabm_text b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static lgabm_text text_of(const char *string)
{
    lgabm_text text;
    text.data = string;
    text.len = strlen(string);
    return text;
}

static const char *log_line =
    "E0119 22:11:49.705596 1 client.go:48] ANGd.Setup Failed to create ANG daemon {\"nodeName\": \"bm-node-1\", "
    "\"error\": \"creating NDP client failed: ndp: address \\\"linklocal\\\" not found on interface \\\"ens192\\\"\"}\n";
static const char *log_id = "network-gateway-group-missing-interface-ip";

static void versions(void)
{
    lgabm_error *error = NULL;
    CHECK(lgabm_abi_version() == LGABM_ABI_VERSION);
    CHECK(strlen(lgabm_version()) >= 5);
    OK(lgabm_abi_check(LGABM_ABI_VERSION, NULL));
    OK(lgabm_abi_check(LGABM_ABI_VERSION, &error));
    CHECK(error == NULL);
    FAILS(LGABM_ABI_MISMATCH, lgabm_abi_check(LGABM_ABI_VERSION + 0x10000, &error));
    IS(LGABM_ABI_MISMATCH, lgabm_abi_check(LGABM_ABI_VERSION + 1, NULL));
    IS(LGABM_ABI_MISMATCH, lgabm_abi_check(0, NULL));
    CHECK(strcmp(lgabm_status_name(LGABM_OK), "LGABM_OK") == 0);
    CHECK(strcmp(lgabm_status_name(LGABM_PANIC), "LGABM_PANIC") == 0);
    CHECK(strcmp(lgabm_status_name(12345), "unknown status") == 0);
}

static void signatures(const char *directory, const char *empty, const char *pack)
{
    lgabm_error *error = NULL;
    lgabm_signatures *set = NULL, *from_directory = NULL, *more = NULL, *nothing = NULL;
    lgabm_text id = none, other = none, digest = none;
    lgabm_signature_file bad[2];
    size_t count, i;

    OK(lgabm_signatures_builtin(&set, &error));
    count = lgabm_signatures_count(set);
    CHECK(count > 20);
    for (i = 0; i < count; i++) {
        OK(lgabm_signatures_id(set, i, &id));
        CHECK(id.len > 0);
    }
    OK(lgabm_signatures_digest(set, &digest));
    CHECK(digest.len == 64);

    OK(lgabm_signatures_from_directory(directory, strlen(directory), 0, &from_directory, &error));
    CHECK(lgabm_signatures_count(from_directory) == count);
    OK(lgabm_signatures_digest(from_directory, &other));
    CHECK(same(digest, other));
    lgabm_signatures_free(from_directory);
    from_directory = NULL;

    /* A pack, alone and in place of the built-in signatures that it holds; one that is none. */
    OK(lgabm_signatures_from_pack(pack, strlen(pack), 0, &from_directory, &error));
    CHECK(lgabm_signatures_count(from_directory) == 1);
    OK(lgabm_signatures_id(from_directory, 0, &id));
    CHECK(is(id, log_id));
    lgabm_signatures_free(from_directory);
    from_directory = NULL;
    OK(lgabm_signatures_from_pack(pack, strlen(pack), 1, &from_directory, &error));
    CHECK(lgabm_signatures_count(from_directory) == count);
    lgabm_signatures_free(from_directory);
    from_directory = NULL;
    FAILS(LGABM_SIGNATURE, lgabm_signatures_from_pack(directory, strlen(directory), 0, &from_directory, &error));
    FAILS(LGABM_SIGNATURE, lgabm_signatures_from_pack("/nowhere", 8, 1, &from_directory, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_signatures_from_pack("\xff\xfe", 2, 0, &from_directory, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_pack(NULL, 5, 0, &from_directory, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_pack(pack, strlen(pack), 0, NULL, &error));
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_pack(NULL, 0, 0, NULL, NULL));
    CHECK(from_directory == NULL);

    /* Mistakes: all of them, in the error and in the check. */
    bad[0].name = text_of("broken.toml");
    bad[0].text = text_of("id = \"broken\"\nnonsense = 1\n");
    bad[1].name = text_of("worse.toml");
    bad[1].text = text_of("id = ");
    IS(LGABM_SIGNATURE, lgabm_signatures_from_memory(bad, 2, 1, &more, &error));
    OK(lgabm_error_message(error, &other));
    CHECK(has(other, "broken.toml:") && has(other, "worse.toml:"));
    expect_error(&error, LGABM_SIGNATURE, __LINE__);
    CHECK(more == NULL);
    OK(lgabm_signatures_from_memory(NULL, 0, 1, &more, &error));
    CHECK(lgabm_signatures_count(more) == count);
    OK(lgabm_signatures_from_directory(empty, strlen(empty), 0, &nothing, &error));
    CHECK(lgabm_signatures_count(nothing) == 0);

    {
        lgabm_mistakes *mistakes = NULL;
        const lgabm_mistake *mistake = NULL;
        OK(lgabm_mistakes_of_memory(bad, 2, &mistakes, &error));
        CHECK(lgabm_mistakes_count(mistakes) >= 2);
        OK(lgabm_mistakes_get(mistakes, 0, &mistake));
        OK(lgabm_mistake_file(mistake, &other));
        CHECK(is(other, "broken.toml"));
        OK(lgabm_mistake_id(mistake, &other));
        CHECK(is(other, "broken"));
        OK(lgabm_mistake_message(mistake, &other));
        CHECK(other.len > 0);
        CHECK(lgabm_mistake_line(mistake) >= 1 && lgabm_mistake_column(mistake) >= 1);
        IS(LGABM_OUT_OF_RANGE, lgabm_mistakes_get(mistakes, 1000, &mistake));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistakes_get(NULL, 0, &mistake));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistakes_get(mistakes, 0, NULL));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_file(mistake, NULL));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_file(NULL, &other));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_id(mistake, NULL));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_id(NULL, &other));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_message(mistake, NULL));
        IS(LGABM_NULL_ARGUMENT, lgabm_mistake_message(NULL, &other));
        CHECK(lgabm_mistake_line(NULL) == 0 && lgabm_mistake_column(NULL) == 0);
        lgabm_mistakes_free(mistakes);
        mistakes = NULL;
        OK(lgabm_mistakes_of_directory(empty, strlen(empty), &mistakes, &error));
        CHECK(lgabm_mistakes_count(mistakes) == 0 && lgabm_mistakes_count(NULL) == 0);
        lgabm_mistakes_free(mistakes);
        mistakes = NULL;
        lgabm_mistakes_free(NULL);
        FAILS(LGABM_SIGNATURE, lgabm_mistakes_of_directory("/nowhere", 8, &mistakes, &error));
        FAILS(LGABM_NULL_ARGUMENT, lgabm_mistakes_of_directory(NULL, 0, &mistakes, &error));
        FAILS(LGABM_NULL_ARGUMENT, lgabm_mistakes_of_directory(empty, strlen(empty), NULL, &error));
        FAILS(LGABM_NULL_ARGUMENT, lgabm_mistakes_of_memory(NULL, 1, &mistakes, &error));
        FAILS(LGABM_NULL_ARGUMENT, lgabm_mistakes_of_memory(NULL, 0, NULL, &error));
        CHECK(mistakes == NULL);
    }

    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_builtin(NULL, &error));
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_builtin(NULL, NULL));
    FAILS(LGABM_SIGNATURE, lgabm_signatures_from_directory("/nowhere", 8, 0, &from_directory, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_signatures_from_directory("\xff\xfe", 2, 0, &from_directory, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_directory(NULL, 5, 0, &from_directory, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_directory(directory, strlen(directory), 0, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_memory(NULL, 2, 0, &from_directory, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_signatures_from_memory(NULL, 0, 0, NULL, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_signatures_from_memory(bad, (size_t)-1, 0, &from_directory, &error));
    CHECK(from_directory == NULL);
    CHECK(lgabm_signatures_count(NULL) == 0);
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_id(NULL, 0, &id));
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_id(set, 0, NULL));
    IS(LGABM_OUT_OF_RANGE, lgabm_signatures_id(set, count, &id));
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_digest(NULL, &digest));
    IS(LGABM_NULL_ARGUMENT, lgabm_signatures_digest(set, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_error_message(NULL, &other));
    IS(LGABM_NULL_ARGUMENT, lgabm_error_status(NULL));
    lgabm_error_free(NULL);
    lgabm_signatures_free(NULL);
    lgabm_signatures_free(nothing);
    lgabm_signatures_free(more);
    lgabm_signatures_free(set);
}

typedef lgabm_status (*text_option)(lgabm_options *, const char *, size_t, lgabm_error **);

/* A setter that takes text: a value that it takes, one that it refuses (NULL if it takes all), every NULL. */
static void option(lgabm_options *options, text_option set, const char *good, const char *bad)
{
    lgabm_error *error = NULL;
    lgabm_options *other = lgabm_options_new();
    FAILS(LGABM_NULL_ARGUMENT, set(NULL, good, strlen(good), &error));
    FAILS(LGABM_NULL_ARGUMENT, set(other, NULL, 0, &error));
    FAILS(LGABM_NULL_ARGUMENT, set(other, NULL, 4, &error));
    FAILS(LGABM_INVALID_ARGUMENT, set(other, "\xff", 1, &error));
    if (bad != NULL) {
        FAILS(LGABM_INVALID_ARGUMENT, set(other, bad, strlen(bad), &error));
        IS(LGABM_INVALID_ARGUMENT, set(other, bad, strlen(bad), NULL));
    }
    lgabm_options_free(other);
    OK(set(options, good, strlen(good), &error));
    CHECK(error == NULL);
}

static void every_option(void)
{
    lgabm_error *error = NULL;
    lgabm_options *options = lgabm_options_new();
    int32_t limit;
    CHECK(options != NULL);
    option(options, lgabm_options_set_language, "ko", "tlh");
    option(options, lgabm_options_set_min_confidence, "possible", "maybe");
    option(options, lgabm_options_set_min_severity, "info", "dire");
    option(options, lgabm_options_set_cluster_version, "1.28.300-gke.131", "new");
    option(options, lgabm_options_set_since, "2023-01-01", "7d");
    option(options, lgabm_options_set_until, "2024-01-01T00:00:00Z", "yesterday");
    option(options, lgabm_options_add_only, log_id, NULL);
    option(options, lgabm_options_add_include, "*.log", NULL);
    option(options, lgabm_options_add_exclude, "*.core", NULL);
    OK(lgabm_options_set_threads(options, 2, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_threads(NULL, 2, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_threads(options, 1000000, &error));
    OK(lgabm_options_set_context(options, 3, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_context(NULL, 2, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_context(options, 1000000, &error));
    OK(lgabm_options_set_experimental(options, 1, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_experimental(NULL, 1, &error));
    IS(LGABM_NULL_ARGUMENT, lgabm_options_set_experimental(NULL, 1, NULL));
    OK(lgabm_options_set_unknown(options, 0, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_unknown(NULL, 2, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_unknown(options, 1001, &error));
    for (limit = LGABM_LIMIT_DEPTH; limit <= LGABM_LIMIT_DOCUMENT_BYTES; limit++) {
        OK(lgabm_options_set_limit(options, limit, 100000, &error));
    }
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_limit(NULL, LGABM_LIMIT_DEPTH, 1, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_limit(options, 0, 1, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_limit(options, -5, 1, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_options_set_limit(options, limit, 1, &error));
    OK(lgabm_options_set_redactor(options, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_redactor(NULL, NULL, &error));
    OK(lgabm_options_set_progress(options, NULL, NULL, &error));
    OK(lgabm_options_set_evidence(options, NULL, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_progress(NULL, NULL, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_options_set_evidence(NULL, NULL, NULL, &error));

    /* All of them together still find the issue, in Korean. */
    {
        lgabm_signatures *set = NULL;
        lgabm_analyzer *analyzer = NULL;
        lgabm_report *report = NULL;
        lgabm_buffer *buffer = NULL;
        lgabm_text json = none;
        OK(lgabm_signatures_builtin(&set, &error));
        OK(lgabm_analyzer_new(set, options, &analyzer, &error));
        lgabm_options_free(options);
        lgabm_signatures_free(set);
        OK(lgabm_analyzer_analyze_bytes(analyzer, "a.log", 5, log_line, strlen(log_line), &report, &error));
        CHECK(lgabm_report_finding_count(report) == 1);
        OK(lgabm_report_write(report, LGABM_FORMAT_JSON, &buffer, &error));
        OK(lgabm_buffer_text(buffer, &json));
        CHECK(has(json, "\"language\": \"ko\""));
        lgabm_buffer_free(buffer);
        lgabm_report_free(report);
        lgabm_analyzer_free(analyzer);
    }
    lgabm_options_free(NULL);

    /* What only the analysis can refuse. */
    {
        lgabm_signatures *set = NULL;
        lgabm_analyzer *analyzer = NULL;
        lgabm_report *report = NULL;
        options = lgabm_options_new();
        OK(lgabm_options_add_only(options, "no-such-id", 10, &error));
        OK(lgabm_signatures_builtin(&set, &error));
        OK(lgabm_analyzer_new(set, options, &analyzer, &error));
        FAILS(LGABM_INVALID_ARGUMENT,
              lgabm_analyzer_analyze_bytes(analyzer, "a", 1, NULL, 0, &report, &error));
        CHECK(report == NULL);
        lgabm_analyzer_free(analyzer);
        lgabm_options_free(options);
        lgabm_signatures_free(set);
    }
}

static lgabm_buffer *json_of(const lgabm_report *report, lgabm_text *json)
{
    lgabm_buffer *buffer = NULL;
    OK(lgabm_report_write(report, LGABM_FORMAT_JSON, &buffer, NULL));
    OK(lgabm_buffer_text(buffer, json));
    return buffer;
}

typedef lgabm_status (*finding_text)(const lgabm_finding *, lgabm_text *);
typedef lgabm_status (*evidence_text)(const lgabm_evidence *, lgabm_text *);

static void finding_texts(const lgabm_finding *finding)
{
    static const struct {
        finding_text get;
        int may_be_empty;
    } all[] = {
        {lgabm_finding_id, 0},         {lgabm_finding_title, 0},
        {lgabm_finding_summary, 0},    {lgabm_finding_category, 0},
        {lgabm_finding_severity, 0},   {lgabm_finding_confidence, 0},
        {lgabm_finding_verdict, 0},    {lgabm_finding_workaround, 0},
        {lgabm_finding_fingerprint, 0}, {lgabm_finding_fix_for_this_cluster, 1},
        {lgabm_finding_first_seen, 1}, {lgabm_finding_last_seen, 1},
    };
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        lgabm_text text = none;
        OK(all[i].get(finding, &text));
        CHECK(text.data != NULL);
        CHECK(text.len > 0 || all[i].may_be_empty);
        IS(LGABM_NULL_ARGUMENT, all[i].get(NULL, &text));
        IS(LGABM_NULL_ARGUMENT, all[i].get(finding, NULL));
    }
}

static void evidence_texts(const lgabm_evidence *evidence)
{
    static const evidence_text all[] = {lgabm_evidence_path,      lgabm_evidence_text,    lgabm_evidence_time,
                                        lgabm_evidence_cluster,   lgabm_evidence_node,    lgabm_evidence_namespace,
                                        lgabm_evidence_pod,       lgabm_evidence_container};
    size_t i;
    for (i = 0; i < sizeof all / sizeof *all; i++) {
        lgabm_text text = none;
        OK(all[i](evidence, &text));
        CHECK(text.data != NULL);
        CHECK(text.len > 0 || i > 1);
        IS(LGABM_NULL_ARGUMENT, all[i](NULL, &text));
        IS(LGABM_NULL_ARGUMENT, all[i](evidence, NULL));
    }
}

static void finding_lists(const lgabm_finding *finding)
{
    lgabm_text text = none;
    size_t i, j;
    for (i = 0; i < lgabm_finding_node_count(finding); i++) {
        OK(lgabm_finding_node(finding, i, &text));
        CHECK(text.len > 0);
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_node(finding, i, &text));
    for (i = 0; i < lgabm_finding_pod_count(finding); i++) {
        OK(lgabm_finding_pod(finding, i, &text));
        CHECK(text.len > 0);
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_pod(finding, i, &text));
    for (i = 0; i < lgabm_finding_reference_count(finding); i++) {
        OK(lgabm_finding_reference(finding, i, &text));
        CHECK(text.len > 0);
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_reference(finding, i, &text));
    for (i = 0; i < lgabm_finding_capture_count(finding); i++) {
        OK(lgabm_finding_capture_name(finding, i, &text));
        CHECK(text.len > 0);
        for (j = 0; j < lgabm_finding_capture_value_count(finding, i); j++) {
            OK(lgabm_finding_capture_value(finding, i, j, &text));
        }
        IS(LGABM_OUT_OF_RANGE, lgabm_finding_capture_value(finding, i, j, &text));
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_capture_name(finding, i, &text));
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_capture_value(finding, i, 0, &text));
    CHECK(lgabm_finding_capture_value_count(finding, i) == 0);
    CHECK(lgabm_finding_count(finding) > 0);
    CHECK(lgabm_finding_ongoing(finding) >= -1 && lgabm_finding_ongoing(finding) <= 1);
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_node(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_node(finding, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_pod(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_pod(finding, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_reference(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_reference(finding, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_capture_name(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_capture_name(finding, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_capture_value(NULL, 0, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_capture_value(finding, 0, 0, NULL));
    CHECK(lgabm_finding_capture_count(NULL) == 0 && lgabm_finding_capture_value_count(NULL, 0) == 0);
    CHECK(lgabm_finding_node_count(NULL) == 0 && lgabm_finding_pod_count(NULL) == 0);
    CHECK(lgabm_finding_reference_count(NULL) == 0 && lgabm_finding_evidence_count(NULL) == 0);
    CHECK(lgabm_finding_count(NULL) == 0 && lgabm_finding_ongoing(NULL) == 0);
}

/* Gives how much there is: none where facts of the bundle decide. */
static size_t finding_evidence(const lgabm_finding *finding)
{
    const lgabm_evidence *evidence = NULL;
    lgabm_text text = none;
    size_t i, j;
    for (i = 0; i < lgabm_finding_evidence_count(finding); i++) {
        OK(lgabm_finding_evidence(finding, i, &evidence));
        evidence_texts(evidence);
        CHECK(lgabm_evidence_line(evidence) >= 1);
        CHECK(lgabm_evidence_offset(evidence) + 1 >= lgabm_evidence_line(evidence));
        for (j = 0; j < lgabm_evidence_capture_count(evidence); j++) {
            OK(lgabm_evidence_capture_name(evidence, j, &text));
            CHECK(text.len > 0);
            OK(lgabm_evidence_capture_value(evidence, j, &text));
        }
        IS(LGABM_OUT_OF_RANGE, lgabm_evidence_capture_name(evidence, j, &text));
        IS(LGABM_OUT_OF_RANGE, lgabm_evidence_capture_value(evidence, j, &text));
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_finding_evidence(finding, i, &evidence));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_evidence(NULL, 0, &evidence));
    IS(LGABM_NULL_ARGUMENT, lgabm_finding_evidence(finding, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_evidence_capture_name(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_evidence_capture_name(evidence, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_evidence_capture_value(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_evidence_capture_value(evidence, 0, NULL));
    CHECK(lgabm_evidence_line(NULL) == 0 && lgabm_evidence_offset(NULL) == 0);
    CHECK(lgabm_evidence_capture_count(NULL) == 0);
    return lgabm_finding_evidence_count(finding);
}

static void report_accessors(const lgabm_report *report)
{
    lgabm_error *error = NULL;
    const lgabm_finding *finding = NULL;
    const lgabm_problem *problem = NULL;
    lgabm_report *again = NULL;
    lgabm_buffer *buffer = NULL, *other = NULL;
    lgabm_text text = none, json = none, copy = none;
    int32_t format;
    size_t i, kept = 0;

    CHECK(lgabm_report_schema_major(report) == 1 && lgabm_report_schema_major(NULL) == 0);
    CHECK(lgabm_report_is_complete(report) == 0 && lgabm_report_is_complete(NULL) == 0);
    OK(lgabm_report_signatures_digest(report, &text));
    CHECK(text.len == 64);
    CHECK(lgabm_report_cluster_count(report) > 0 && lgabm_report_cluster_count(NULL) == 0);
    OK(lgabm_report_cluster_name(report, 0, &text));
    CHECK(text.len > 0);
    OK(lgabm_report_cluster_version(report, 0, &text));
    CHECK(has(text, "."));
    CHECK(lgabm_report_finding_count(report) > 3 && lgabm_report_finding_count(NULL) == 0);
    for (i = 0; i < lgabm_report_finding_count(report); i++) {
        OK(lgabm_report_finding(report, i, &finding));
        finding_texts(finding);
        finding_lists(finding);
        kept += finding_evidence(finding);
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_report_finding(report, i, &finding));
    CHECK(kept > 3);
    CHECK(lgabm_report_problem_count(report) > 0 && lgabm_report_problem_count(NULL) == 0);
    for (i = 0; i < lgabm_report_problem_count(report); i++) {
        OK(lgabm_report_problem(report, i, &problem));
        OK(lgabm_problem_path(problem, &text));
        CHECK(text.len > 0);
        OK(lgabm_problem_kind(problem, &text));
        CHECK(text.len > 0);
        OK(lgabm_problem_message(problem, &text));
        CHECK(text.len > 0);
    }
    IS(LGABM_OUT_OF_RANGE, lgabm_report_problem(report, i, &problem));

    for (format = LGABM_FORMAT_JSON; format <= LGABM_FORMAT_JUNIT; format++) {
        OK(lgabm_report_write(report, format, &buffer, &error));
        OK(lgabm_buffer_text(buffer, &text));
        CHECK(text.len > 100);
        lgabm_buffer_free(buffer);
        buffer = NULL;
    }
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_report_write(report, 0, &buffer, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_report_write(NULL, LGABM_FORMAT_JSON, &buffer, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_report_write(report, LGABM_FORMAT_JSON, NULL, &error));
    CHECK(buffer == NULL);

    /* A stored report is the same report. */
    buffer = json_of(report, &json);
    OK(lgabm_report_from_json(json.data, json.len, &again, &error));
    other = json_of(again, &copy);
    CHECK(same(json, copy));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_report_from_json("{}", 2, &again, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_report_from_json(NULL, 2, &again, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_report_from_json(json.data, json.len, NULL, &error));
    lgabm_buffer_free(buffer);
    lgabm_buffer_free(other);
    lgabm_report_free(again);

    IS(LGABM_NULL_ARGUMENT, lgabm_buffer_text(NULL, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_signatures_digest(NULL, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_signatures_digest(report, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_cluster_name(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_cluster_name(report, 0, NULL));
    IS(LGABM_OUT_OF_RANGE, lgabm_report_cluster_name(report, 1000, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_cluster_version(NULL, 0, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_cluster_version(report, 0, NULL));
    IS(LGABM_OUT_OF_RANGE, lgabm_report_cluster_version(report, 1000, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_finding(NULL, 0, &finding));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_finding(report, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_problem(NULL, 0, &problem));
    IS(LGABM_NULL_ARGUMENT, lgabm_report_problem(report, 0, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_path(NULL, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_path(problem, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_kind(NULL, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_kind(problem, NULL));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_message(NULL, &text));
    IS(LGABM_NULL_ARGUMENT, lgabm_problem_message(problem, NULL));
    lgabm_buffer_free(NULL);
    lgabm_report_free(NULL);
}

/* The whole of a file, for the caller to free. */
static char *contents(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
    *len = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*len);
    CHECK(bytes != NULL && fread(bytes, 1, *len, file) == *len);
    fclose(file);
    return bytes;
}

/* The same bundle through every door gives the same report. */
static void doors(const lgabm_analyzer *analyzer, const char *bundle)
{
    lgabm_error *error = NULL;
    lgabm_report *report = NULL;
    lgabm_session *session = NULL;
    lgabm_buffer *buffer, *other;
    lgabm_text expected = none, got = none, path = text_of(bundle);
    size_t len = 0, i;
    char *bytes = contents(bundle, &len);
    int fd;

    OK(lgabm_analyzer_analyze_path(analyzer, bundle, strlen(bundle), &report, &error));
    report_accessors(report);
    buffer = json_of(report, &expected);
    lgabm_report_free(report);
    report = NULL;

#define GIVES_THE_SAME                       \
    do {                                     \
        other = json_of(report, &got);       \
        CHECK(same(expected, got));          \
        lgabm_buffer_free(other);            \
        lgabm_report_free(report);           \
        report = NULL;                       \
    } while (0)

    OK(lgabm_analyzer_analyze_paths(analyzer, &path, 1, &report, &error));
    GIVES_THE_SAME;
    OK(lgabm_analyzer_analyze_bytes(analyzer, bundle, strlen(bundle), bytes, len, &report, &error));
    GIVES_THE_SAME;
    fd = open(bundle, O_RDONLY);
    CHECK(fd >= 0);
    CHECK(lseek(fd, 17, SEEK_SET) == 17);
    OK(lgabm_analyzer_analyze_fd(analyzer, fd, bundle, strlen(bundle), &report, &error));
    CHECK(lseek(fd, 0, SEEK_CUR) == 17);
    CHECK(close(fd) == 0);
    GIVES_THE_SAME;

    /* Pushed byte by byte. */
    OK(lgabm_session_new(analyzer, NULL, 0, &session, &error));
    OK(lgabm_session_begin(session, bundle, strlen(bundle), 0, &error));
    for (i = 0; i < len; i++) {
        OK(lgabm_session_push(session, bytes + i, 1, &error));
    }
    OK(lgabm_session_end(session, &error));
    OK(lgabm_session_finish(session, &report, &error));
    lgabm_session_free(session);
    session = NULL;
    GIVES_THE_SAME;

    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_path(NULL, bundle, strlen(bundle), &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_path(analyzer, NULL, 0, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_path(analyzer, bundle, strlen(bundle), NULL, &error));
    FAILS(LGABM_INPUT, lgabm_analyzer_analyze_path(analyzer, "/nowhere", 8, &report, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_analyzer_analyze_path(analyzer, "\xc3\x28", 2, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_paths(NULL, &path, 1, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_paths(analyzer, NULL, 1, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_paths(analyzer, &none, 1, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_paths(analyzer, &path, 1, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_bytes(NULL, "a", 1, bytes, len, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_bytes(analyzer, NULL, 1, bytes, len, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_bytes(analyzer, "a", 1, NULL, len, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_bytes(analyzer, "a", 1, bytes, len, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_fd(NULL, 0, "a", 1, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_fd(analyzer, 0, NULL, 1, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_analyze_fd(analyzer, 0, "a", 1, NULL, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_analyzer_analyze_fd(analyzer, -1, "a", 1, &report, &error));
    FAILS(LGABM_INPUT, lgabm_analyzer_analyze_fd(analyzer, 9999, "a", 1, &report, &error));
    CHECK(report == NULL);
    lgabm_buffer_free(buffer);
    free(bytes);
}

/* A session with logs and an archive among them; wrong order; every NULL. */
static void sessions(const lgabm_analyzer *analyzer, const char *bundle)
{
    lgabm_error *error = NULL;
    lgabm_session *session = NULL;
    lgabm_report *report = NULL;
    const lgabm_finding *finding = NULL;
    const lgabm_evidence *evidence = NULL;
    lgabm_text text = none;
    size_t len = 0, i;
    char *bytes;

    OK(lgabm_session_new(analyzer, "upload", 6, &session, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_push(session, "x", 1, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_end(session, &error));
    OK(lgabm_session_begin(session, "node-1/ang.log", 14, 1674166309, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_begin(session, "other", 5, 0, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_finish(session, &report, &error));
    for (i = 0; i < strlen(log_line); i++) {
        OK(lgabm_session_push(session, log_line + i, 1, &error));
    }
    OK(lgabm_session_push(session, NULL, 0, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_push(session, NULL, 1, &error));
    OK(lgabm_session_end(session, &error));
    OK(lgabm_session_begin(session, "empty", 5, 0, &error));
    OK(lgabm_session_end(session, &error));
    bytes = contents(bundle, &len);
    OK(lgabm_session_begin(session, "snapshot", 8, 0, &error));
    OK(lgabm_session_push(session, bytes, len, &error));
    OK(lgabm_session_end(session, &error));
    free(bytes);
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_begin(session, NULL, 0, 0, &error));
    FAILS(LGABM_INVALID_ARGUMENT, lgabm_session_begin(session, "\xff", 1, 0, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_finish(session, NULL, &error));
    OK(lgabm_session_finish(session, &report, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_finish(session, &report, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_begin(session, "late", 4, 0, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_push(session, "x", 1, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_end(session, &error));
    lgabm_session_free(session);
    session = NULL;

    for (i = 0;; i++) {
        OK(lgabm_report_finding(report, i, &finding));
        OK(lgabm_finding_id(finding, &text));
        if (is(text, log_id)) {
            break;
        }
    }
    for (i = 0;; i++) {
        OK(lgabm_finding_evidence(finding, i, &evidence));
        OK(lgabm_evidence_path(evidence, &text));
        if (is(text, "upload/node-1/ang.log")) {
            break;
        }
    }
    OK(lgabm_evidence_time(evidence, &text));
    CHECK(has(text, "2023-01-19T22:11:49"));
    lgabm_report_free(report);
    report = NULL;

    /* Given up within an entry. */
    OK(lgabm_session_new(analyzer, NULL, 0, &session, NULL));
    OK(lgabm_session_begin(session, "a", 1, 0, NULL));
    OK(lgabm_session_push(session, "half", 4, NULL));
    lgabm_session_free(session);
    session = NULL;
    /* Nothing at all. */
    OK(lgabm_session_new(analyzer, NULL, 0, &session, NULL));
    OK(lgabm_session_finish(session, &report, NULL));
    CHECK(lgabm_report_finding_count(report) == 0 && lgabm_report_is_complete(report) == 1);
    lgabm_report_free(report);
    report = NULL;
    lgabm_session_free(session);
    session = NULL;

    lgabm_session_free(NULL);
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_new(NULL, NULL, 0, &session, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_new(analyzer, NULL, 3, &session, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_new(analyzer, NULL, 0, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_begin(NULL, "a", 1, 0, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_push(NULL, "a", 1, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_end(NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_session_finish(NULL, &report, &error));
}

/* With a redactor no form of a report tells the name of a node or cluster of the demo, and every name has one alias, by
 * whatever door the report came. */
static void redaction(const lgabm_signatures *set, const char *bundle)
{
    static const char *const names[] = {"usr-cp-01", "user-ci", "admin-seoul", "10.200.0."};
    lgabm_error *error = NULL;
    lgabm_options *options = lgabm_options_new();
    lgabm_redactor *redactor = lgabm_redactor_new();
    lgabm_analyzer *analyzer = NULL, *plain = NULL;
    lgabm_report *report = NULL, *again = NULL, *redacted = NULL;
    lgabm_session *session = NULL;
    lgabm_buffer *buffer = NULL, *other = NULL;
    lgabm_text text = none, copy = none;
    size_t len = 0, i;
    char *bytes = contents(bundle, &len);
    int32_t format;

    CHECK(redactor != NULL);
    OK(lgabm_redactor_key(redactor, &buffer, &error));
    OK(lgabm_buffer_text(buffer, &text));
    CHECK(has(text, "{}"));
    lgabm_buffer_free(buffer);
    buffer = NULL;

    OK(lgabm_options_set_redactor(options, redactor, &error));
    OK(lgabm_analyzer_new(set, options, &analyzer, &error));
    lgabm_options_free(options);
    OK(lgabm_analyzer_new(set, NULL, &plain, &error));
    OK(lgabm_analyzer_analyze_bytes(plain, "a.tar.gz", 8, bytes, len, &report, &error));
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        other = json_of(report, &text);
        CHECK(has(text, names[i]));
        lgabm_buffer_free(other);
    }

    /* A report that was made without. */
    OK(lgabm_redactor_redact(redactor, report, &redacted, &error));
    lgabm_report_free(report);
    report = NULL;
    for (format = LGABM_FORMAT_JSON; format <= LGABM_FORMAT_JUNIT; format++) {
        OK(lgabm_report_write(redacted, format, &buffer, &error));
        OK(lgabm_buffer_text(buffer, &text));
        for (i = 0; i < sizeof names / sizeof *names; i++) {
            CHECK(!has(text, names[i]));
        }
        /* CSV has a row only where there is evidence, JUnit and the others name a node somewhere. */
        CHECK(has(text, "NODE-"));
        lgabm_buffer_free(buffer);
        buffer = NULL;
    }
    buffer = json_of(redacted, &text);

    /* By the option: the same aliases, from bytes and from a session. */
    OK(lgabm_analyzer_analyze_bytes(analyzer, "a.tar.gz", 8, bytes, len, &again, &error));
    other = json_of(again, &copy);
    CHECK(same(text, copy));
    lgabm_buffer_free(other);
    lgabm_report_free(again);
    again = NULL;
    OK(lgabm_session_new(analyzer, NULL, 0, &session, &error));
    OK(lgabm_session_begin(session, "a.tar.gz", 8, 0, &error));
    OK(lgabm_session_push(session, bytes, len, &error));
    OK(lgabm_session_end(session, &error));
    OK(lgabm_session_finish(session, &again, &error));
    lgabm_session_free(session);
    other = json_of(again, &copy);
    CHECK(same(text, copy));
    lgabm_buffer_free(other);
    lgabm_buffer_free(buffer);
    buffer = NULL;

    /* The key has the names. */
    OK(lgabm_redactor_key(redactor, &buffer, &error));
    OK(lgabm_buffer_text(buffer, &text));
    CHECK(has(text, "\"usr-cp-01\"") && has(text, "\"admin-seoul\"") && has(text, "\"NODE-1\""));
    lgabm_buffer_free(buffer);
    buffer = NULL;

    FAILS(LGABM_NULL_ARGUMENT, lgabm_redactor_redact(NULL, redacted, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_redactor_redact(redactor, NULL, &report, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_redactor_redact(redactor, redacted, NULL, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_redactor_key(NULL, &buffer, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_redactor_key(redactor, NULL, &error));
    CHECK(report == NULL && buffer == NULL);
    lgabm_redactor_free(NULL);
    lgabm_redactor_free(redactor);
    lgabm_report_free(again);
    lgabm_report_free(redacted);
    lgabm_analyzer_free(analyzer);
    lgabm_analyzer_free(plain);
    free(bytes);
}

struct heard {
    uint64_t bytes;
    size_t progress, evidence;
    int cancel_at_progress, cancel_at_evidence;
};

static int32_t on_progress(void *user, uint64_t input_bytes, uint64_t issues)
{
    struct heard *heard = user;
    (void)issues;
    heard->progress++;
    heard->bytes = input_bytes;
    return heard->cancel_at_progress;
}

static int32_t on_evidence(void *user, const lgabm_provisional *evidence)
{
    struct heard *heard = user;
    heard->evidence++;
    CHECK(evidence->id.len > 0 && evidence->path.len > 0 && evidence->text.len > 0 && evidence->line > 0);
    CHECK(evidence->confidence.data != NULL);
    return heard->cancel_at_evidence;
}

static void callbacks(const lgabm_signatures *set, const char *bundle)
{
    lgabm_error *error = NULL;
    lgabm_options *options = lgabm_options_new();
    lgabm_analyzer *analyzer = NULL;
    lgabm_report *report = NULL;
    lgabm_session *session = NULL;
    struct heard heard;
    lgabm_status status = LGABM_OK;
    size_t len = 0, i;
    char *bytes;

    memset(&heard, 0, sizeof heard);
    OK(lgabm_options_set_progress(options, on_progress, &heard, &error));
    OK(lgabm_options_set_evidence(options, on_evidence, &heard, &error));
    OK(lgabm_analyzer_new(set, options, &analyzer, &error));
    lgabm_options_free(options);
    OK(lgabm_analyzer_analyze_path(analyzer, bundle, strlen(bundle), &report, &error));
    CHECK(heard.progress > 0 && heard.bytes > 0);
    CHECK(heard.evidence > 3);
    lgabm_report_free(report);
    report = NULL;

    heard.cancel_at_progress = 1;
    FAILS(LGABM_CANCELLED, lgabm_analyzer_analyze_path(analyzer, bundle, strlen(bundle), &report, &error));
    heard.cancel_at_progress = 0;
    heard.cancel_at_evidence = -7;
    FAILS(LGABM_CANCELLED, lgabm_analyzer_analyze_path(analyzer, bundle, strlen(bundle), &report, &error));

    /* A session that is cancelled says so at the latest when it is finished. */
    bytes = contents(bundle, &len);
    OK(lgabm_session_new(analyzer, NULL, 0, &session, &error));
    for (i = 0; i < 64 && status == LGABM_OK; i++) {
        status = lgabm_session_begin(session, "a", 1, 0, NULL);
        status = status == LGABM_OK ? lgabm_session_push(session, bytes, len, NULL) : status;
        status = status == LGABM_OK ? lgabm_session_end(session, NULL) : status;
    }
    CHECK(status == LGABM_CANCELLED);
    (void)lgabm_session_end(session, NULL);
    FAILS(LGABM_CANCELLED, lgabm_session_finish(session, &report, &error));
    FAILS(LGABM_WRONG_ORDER, lgabm_session_finish(session, &report, &error));
    lgabm_session_free(session);
    CHECK(report == NULL);
    free(bytes);
    lgabm_analyzer_free(analyzer);
}

/* What an analyzer with this option gives of a log: how many findings, and whether its JSON holds `part`. */
static size_t findings_with(int32_t experimental, uint32_t templates, const char *part, int holds)
{
    static const char toml[] =
        "id = \"lab-fault\"\ncategory = \"operation\"\nseverity = \"low\"\nstatus = \"experimental\"\n"
        "affected = []\nfixed_in = []\nreferences = []\nsource = \"a lab\"\nsource_confidence = \"low\"\n"
        "[[pattern]]\nname = \"message\"\nregex = 'quiescent frobnicator collapsed'\nconfidence = \"confirmed\"\n"
        "[[example]]\ntext = 'quiescent frobnicator collapsed'\n"
        "[[near_miss]]\ntext = 'quiescent frobnicator'\nwhy = \"it stands\"\n"
        "[text.en]\ntitle = \"T\"\nsummary = \"S.\"\nworkaround = \"W.\"\n"
        "[text.ko]\ntitle = \"T\"\nsummary = \"S.\"\nworkaround = \"W.\"\n";
    static const char log[] = "quiescent frobnicator collapsed\n"
                              "E0119 22:11:49.705596 1 client.go:48] spurious wombat in the reactor\n";
    lgabm_error *error = NULL;
    lgabm_signature_file file;
    lgabm_signatures *set = NULL;
    lgabm_options *options = lgabm_options_new();
    lgabm_analyzer *analyzer = NULL;
    lgabm_report *report = NULL;
    lgabm_buffer *buffer = NULL;
    lgabm_text json = none;
    size_t found;
    file.name = text_of("lab-fault.toml");
    file.text = text_of(toml);
    OK(lgabm_signatures_from_memory(&file, 1, 0, &set, &error));
    OK(lgabm_options_set_experimental(options, experimental, &error));
    OK(lgabm_options_set_unknown(options, templates, &error));
    /* The other line would stand in the context of the finding. */
    OK(lgabm_options_set_context(options, 0, &error));
    OK(lgabm_analyzer_new(set, options, &analyzer, &error));
    OK(lgabm_analyzer_analyze_bytes(analyzer, "a.log", 5, log, strlen(log), &report, &error));
    found = lgabm_report_finding_count(report);
    OK(lgabm_report_write(report, LGABM_FORMAT_JSON, &buffer, &error));
    OK(lgabm_buffer_text(buffer, &json));
    CHECK(has(json, part) == holds);
    lgabm_buffer_free(buffer);
    lgabm_report_free(report);
    lgabm_analyzer_free(analyzer);
    lgabm_options_free(options);
    lgabm_signatures_free(set);
    return found;
}

static void experimental_and_unknown(void)
{
    CHECK(findings_with(0, 5, "spurious wombat", 1) == 0);
    CHECK(findings_with(1, 5, "spurious wombat", 1) == 1);
    CHECK(findings_with(1, 0, "spurious wombat", 0) == 1);
}

int main(int argc, char **argv)
{
    lgabm_error *error = NULL;
    lgabm_signatures *set = NULL;
    lgabm_analyzer *analyzer = NULL;
    CHECK(argc == 5);
    versions();
    signatures(argv[2], argv[3], argv[4]);
    experimental_and_unknown();
    every_option();
    OK(lgabm_signatures_builtin(&set, &error));
    OK(lgabm_analyzer_new(set, NULL, &analyzer, &error));
    doors(analyzer, argv[1]);
    sessions(analyzer, argv[1]);
    lgabm_analyzer_free(analyzer);
    analyzer = NULL;
    callbacks(set, argv[1]);
    redaction(set, argv[1]);
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_new(NULL, NULL, &analyzer, &error));
    FAILS(LGABM_NULL_ARGUMENT, lgabm_analyzer_new(set, NULL, NULL, &error));
    lgabm_analyzer_free(NULL);
    lgabm_signatures_free(set);
    return 0;
}
