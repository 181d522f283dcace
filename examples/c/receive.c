/* Scans a bundle while it is received on standard input, as an upload service does: evidence is told as soon as it is
 * confirmed, the findings at the end.
 *
 *     cc -std=c99 receive.c $(pkg-config --cflags --libs loggrep_abm) -o receive
 *     ssh admin-ws cat snapshot.tar.gz | ./receive snapshot.tar.gz
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <loggrep_abm.h>

/* Comes from a thread of the library, one call at a time. */
static int32_t on_evidence(void *user, const lgabm_provisional *evidence)
{
    (void)user;
    fprintf(stderr, "so far: %.*s in %.*s, line %" PRIu64 "\n", (int)evidence->id.len, evidence->id.data,
            (int)evidence->path.len, evidence->path.data, evidence->line);
    return 0;
}

static int failed(lgabm_error *error)
{
    lgabm_text message = {"out of memory", 13};
    lgabm_error_message(error, &message);
    fprintf(stderr, "%.*s\n", (int)message.len, message.data);
    lgabm_error_free(error);
    return 1;
}

static int receive(const lgabm_analyzer *analyzer, const char *name)
{
    static char piece[64 << 10];
    lgabm_error *error = NULL;
    lgabm_session *session = NULL;
    lgabm_report *report = NULL;
    lgabm_status status;
    size_t i, n;

    status = lgabm_session_new(analyzer, NULL, 0, &session, &error);
    if (status == LGABM_OK) {
        status = lgabm_session_begin(session, name, strlen(name), 0, &error);
    }
    while (status == LGABM_OK && (n = fread(piece, 1, sizeof piece, stdin)) > 0) {
        status = lgabm_session_push(session, piece, n, &error);
    }
    if (status == LGABM_OK) {
        status = lgabm_session_end(session, &error);
    }
    if (status == LGABM_OK) {
        status = lgabm_session_finish(session, &report, &error);
    }
    lgabm_session_free(session);
    if (status != LGABM_OK) {
        return failed(error);
    }
    for (i = 0; i < lgabm_report_finding_count(report); i++) {
        const lgabm_finding *finding;
        lgabm_text id, verdict;
        if (lgabm_report_finding(report, i, &finding) == LGABM_OK && lgabm_finding_id(finding, &id) == LGABM_OK &&
            lgabm_finding_verdict(finding, &verdict) == LGABM_OK) {
            printf("%.*s %" PRIu64 " %.*s\n", (int)id.len, id.data, lgabm_finding_count(finding), (int)verdict.len,
                   verdict.data);
        }
    }
    lgabm_report_free(report);
    return 0;
}

int main(int argc, char **argv)
{
    lgabm_error *error = NULL;
    lgabm_signatures *signatures = NULL;
    lgabm_options *options = lgabm_options_new();
    lgabm_analyzer *analyzer = NULL;
    int result;

    if (lgabm_abi_check(LGABM_ABI_VERSION, &error) != LGABM_OK ||
        lgabm_options_set_evidence(options, on_evidence, NULL, &error) != LGABM_OK ||
        lgabm_signatures_builtin(&signatures, &error) != LGABM_OK ||
        lgabm_analyzer_new(signatures, options, &analyzer, &error) != LGABM_OK) {
        result = failed(error);
    } else {
        result = receive(analyzer, argc > 1 ? argv[1] : "standard input");
    }
    lgabm_analyzer_free(analyzer);
    lgabm_options_free(options);
    lgabm_signatures_free(signatures);
    return result;
}
