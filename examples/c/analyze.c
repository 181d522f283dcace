/* Prints id and count of each issue that a bundle shows.
 *
 *     cc -std=c99 analyze.c $(pkg-config --cflags --libs loggrep_abm) -o analyze
 *     ./analyze snapshot.tar.gz
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <loggrep_abm.h>

static int failed(lgabm_error *error)
{
    lgabm_text message = {"out of memory", 13};
    lgabm_error_message(error, &message);
    fprintf(stderr, "%.*s\n", (int)message.len, message.data);
    lgabm_error_free(error);
    return 1;
}

static int print_findings(const lgabm_report *report)
{
    size_t i;
    for (i = 0; i < lgabm_report_finding_count(report); i++) {
        const lgabm_finding *finding;
        lgabm_text id;
        if (lgabm_report_finding(report, i, &finding) != LGABM_OK || lgabm_finding_id(finding, &id) != LGABM_OK) {
            return 1;
        }
        printf("%.*s %" PRIu64 "\n", (int)id.len, id.data, lgabm_finding_count(finding));
    }
    return 0;
}

int main(int argc, char **argv)
{
    lgabm_error *error = NULL;
    lgabm_signatures *signatures = NULL;
    lgabm_analyzer *analyzer = NULL;
    lgabm_report *report = NULL;
    int result;

    if (argc != 2) {
        fprintf(stderr, "usage: analyze PATH\n");
        return 2;
    }
    if (lgabm_abi_check(LGABM_ABI_VERSION, &error) != LGABM_OK ||
        lgabm_signatures_builtin(&signatures, &error) != LGABM_OK ||
        lgabm_analyzer_new(signatures, NULL, &analyzer, &error) != LGABM_OK ||
        lgabm_analyzer_analyze_path(analyzer, argv[1], strlen(argv[1]), &report, &error) != LGABM_OK) {
        result = failed(error);
    } else {
        result = print_findings(report);
    }
    lgabm_report_free(report);
    lgabm_analyzer_free(analyzer);
    lgabm_signatures_free(signatures);
    return result;
}
