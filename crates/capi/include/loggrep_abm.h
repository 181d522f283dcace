/*
 * loggrep-abm: finds the known issues of Google Distributed Cloud for bare metal in a cluster snapshot.
 *
 * Conventions
 *
 * - Functions that can fail return a status and take, as their last argument, a place for an error object. What they
 *   give is written on success only, the error object on failure only; it is the caller's, who frees it. A place that
 *   may be NULL is said to be; the place for an error object always may.
 * - Handles are made by `_new` and the like, and freed by the `_free` of their type, which does nothing for NULL.
 * - NULL where there must be none is `LGABM_NULL_ARGUMENT`, never a crash. A handle that was freed is the caller's bug.
 * - Text is a pointer and a length, UTF-8, not terminated by NUL and possibly with NUL inside.
 * - "Any thread" means: at once with any other call that has the same handle, except those that free or change it.
 * - The library has no global state, installs no signal handlers and writes no files. It prints nothing, with one
 *   exception: a panic, which is a bug of the library, is told in a line or more on the standard error of the process
 *   by the Rust runtime, on the thread that met it, before the call returns. What that runtime tells of a panic is set
 *   for a whole process, so the library leaves it alone; RUST_BACKTRACE=0 keeps it to a line or two.
 * - Nothing of a panic or an error crosses this boundary but a status; `LGABM_PANIC` is a bug to be reported, and its
 *   error object holds the message of the panic.
 *
 * Generated from the Rust sources: changes belong there.
 */

#ifndef LOGGREP_ABM_H
#define LOGGREP_ABM_H

#include <stddef.h>
#include <stdint.h>

/**
 * The ABI of this header: the upper 16 bits change when something is removed or changes its meaning, the lower 16 when
 * something is added.
 */
#define LGABM_ABI_VERSION 65536

/**
 * What a function says of itself. The numbers never change; later versions add some.
 */
enum lgabm_status
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
    /**
     * It did what it says.
     */
    LGABM_OK = 0,
    /**
     * A pointer that must not be NULL is.
     */
    LGABM_NULL_ARGUMENT = 1,
    /**
     * An argument has a value that cannot be used: not UTF-8, an unknown word, a malformed glob.
     */
    LGABM_INVALID_ARGUMENT = 2,
    /**
     * The input cannot be opened or read at all. Damage inside it is no failure: the report names it.
     */
    LGABM_INPUT = 3,
    /**
     * Signatures cannot be read, or have mistakes.
     */
    LGABM_SIGNATURE = 4,
    /**
     * A callback asked to stop.
     */
    LGABM_CANCELLED = 5,
    /**
     * The call does not fit the state of the session.
     */
    LGABM_WRONG_ORDER = 6,
    /**
     * There is no item of that index.
     */
    LGABM_OUT_OF_RANGE = 7,
    /**
     * A report cannot be written.
     */
    LGABM_OUTPUT = 8,
    /**
     * The header is of another ABI than the library.
     */
    LGABM_ABI_MISMATCH = 9,
    /**
     * A bug of the library; the handles of the call are best freed.
     */
    LGABM_PANIC = 100,
};
#ifndef __cplusplus
typedef int32_t lgabm_status;
#endif // __cplusplus

/**
 * What may be limited with `lgabm_options_set_limit`. The numbers never change; later versions add some.
 */
enum lgabm_limit
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
    /**
     * Levels of archives inside archives that are opened.
     */
    LGABM_LIMIT_DEPTH = 1,
    /**
     * Files read from one input.
     */
    LGABM_LIMIT_MEMBERS = 2,
    /**
     * Decompressed bytes read of one file.
     */
    LGABM_LIMIT_MEMBER_BYTES = 3,
    /**
     * Decompressed bytes read of one input.
     */
    LGABM_LIMIT_TOTAL_BYTES = 4,
    /**
     * Decompressed bytes for each compressed byte.
     */
    LGABM_LIMIT_RATIO = 5,
    /**
     * Memory of decoder windows, in bytes.
     */
    LGABM_LIMIT_WINDOW_BYTES = 6,
    /**
     * Pieces of evidence kept for each issue.
     */
    LGABM_LIMIT_EVIDENCE = 7,
    /**
     * Problems listed in the report; the rest is counted.
     */
    LGABM_LIMIT_PROBLEMS = 8,
    /**
     * Bytes of a nested or pushed zip kept in memory.
     */
    LGABM_LIMIT_ZIP_BUFFER_BYTES = 9,
    /**
     * Milliseconds for each input; 0 is no limit.
     */
    LGABM_LIMIT_WALL_TIME_MS = 10,
    /**
     * Bytes of a line that are matched and kept, around a hit.
     */
    LGABM_LIMIT_LINE_BYTES = 11,
    /**
     * Nodes, pods or files remembered for each pattern of an issue.
     */
    LGABM_LIMIT_SCOPE_KEYS = 12,
    /**
     * Facts of the bundle kept.
     */
    LGABM_LIMIT_FACTS = 13,
    /**
     * Bytes of a file kept in memory so that its YAML, JSON or table can be read as a whole.
     */
    LGABM_LIMIT_DOCUMENT_BYTES = 14,
};
#ifndef __cplusplus
typedef int32_t lgabm_limit;
#endif // __cplusplus

/**
 * The forms of a report. The numbers never change; later versions add some.
 */
enum lgabm_format
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
    /**
     * One JSON document, of the schema that the program publishes.
     */
    LGABM_FORMAT_JSON = 1,
    /**
     * One JSON object a line.
     */
    LGABM_FORMAT_JSONL = 2,
    /**
     * Text for a person, without colour.
     */
    LGABM_FORMAT_TEXT = 3,
    /**
     * Markdown.
     */
    LGABM_FORMAT_MARKDOWN = 4,
    /**
     * One HTML page with all it needs.
     */
    LGABM_FORMAT_HTML = 5,
    /**
     * Comma-separated values, one line for each piece of evidence.
     */
    LGABM_FORMAT_CSV = 6,
    /**
     * SARIF 2.1.0.
     */
    LGABM_FORMAT_SARIF = 7,
    /**
     * JUnit XML.
     */
    LGABM_FORMAT_JUNIT = 8,
};
#ifndef __cplusplus
typedef int32_t lgabm_format;
#endif // __cplusplus

/**
 * A signature set with options. It never changes: any number of threads may analyse with it at once.
 */
typedef struct lgabm_analyzer lgabm_analyzer;

/**
 * Bytes that the library made for the caller, who frees them with `lgabm_buffer_free`.
 */
typedef struct lgabm_buffer lgabm_buffer;

/**
 * Why a call failed: a status and a message. Made by a failing call, freed by the caller with `lgabm_error_free`.
 * It may be used by one thread after another.
 */
typedef struct lgabm_error lgabm_error;

/**
 * One hit of an issue: where, when, what; belongs to its report and lives as long.
 */
typedef struct lgabm_evidence lgabm_evidence;

/**
 * One issue that the input shows; belongs to its report and lives as long.
 */
typedef struct lgabm_finding lgabm_finding;

/**
 * One mistake; belongs to the `lgabm_mistakes` it came from and lives as long.
 */
typedef struct lgabm_mistake lgabm_mistake;

/**
 * The mistakes that a check found, ordered by file and line. They never change; any number of threads may read them
 * at once.
 */
typedef struct lgabm_mistakes lgabm_mistakes;

/**
 * How to analyse. One thread changes it; an analyzer copies it, so that it may be changed or freed afterwards.
 */
typedef struct lgabm_options lgabm_options;

/**
 * Damage or a limit met while reading; belongs to its report and lives as long.
 */
typedef struct lgabm_problem lgabm_problem;

/**
 * Replaces IP addresses and the names of clusters, nodes, hosts and projects by aliases, so that a report can leave the
 * company. The same value has the same alias in all reports of one redactor. Any number of threads may use it at once.
 */
typedef struct lgabm_redactor lgabm_redactor;

/**
 * What an analysis found. It never changes: any number of threads may read it at once.
 */
typedef struct lgabm_report lgabm_report;

/**
 * An analysis of files that the caller pushes. Calls may come from any thread; calls for one session wait for each other.
 */
typedef struct lgabm_session lgabm_session;

/**
 * A set of compiled signatures. It never changes: any number of threads may use it at once, and analyzers made from
 * it keep what they need, so that it may be freed before them.
 */
typedef struct lgabm_signatures lgabm_signatures;

/**
 * Text or bytes that somebody else owns: a pointer and a length, not terminated by NUL and possibly with NUL inside.
 *
 * What the library gives is UTF-8 and never has a NULL `data`, also when `len` is 0. What it takes may be
 * `{NULL, 0}` for nothing. Each function that gives one says how long it lives.
 */
typedef struct {
    /**
     * The first byte.
     */
    const char *data;
    /**
     * How many bytes there are.
     */
    size_t len;
} lgabm_text;

/**
 * A signature file in memory.
 */
typedef struct {
    /**
     * Its name, UTF-8: the id of the signature and `.toml`.
     */
    lgabm_text name;
    /**
     * Its TOML, UTF-8.
     */
    lgabm_text text;
} lgabm_signature_file;

/**
 * Told how far an analysis is: bytes read of the current input, before decompression, and how many issues have a hit so
 * far. A result other than 0 cancels the analysis, which then fails with `LGABM_CANCELLED`.
 *
 * Called now and then while bytes are read, from threads of the library, one call at a time for each analysis; of
 * several analyses at once, calls may coincide. It must not throw, must not call into the session that it
 * belongs to, and the analysis waits for it.
 */
typedef int32_t (*lgabm_progress_callback)(void *user, uint64_t input_bytes, uint64_t issues);

/**
 * A piece of evidence before the end. Its texts belong to the library and live until the callback returns.
 */
typedef struct {
    /**
     * Id of the signature.
     */
    lgabm_text id;
    /**
     * `confirmed`, `likely`, `possible`; empty when it counts only together with others.
     */
    lgabm_text confidence;
    /**
     * The file, as reports name it.
     */
    lgabm_text path;
    /**
     * Line of the file, from 1.
     */
    uint64_t line;
    /**
     * The line, or the lines of a wrapped message, secrets masked.
     */
    lgabm_text text;
} lgabm_provisional;

/**
 * Told of evidence as it is confirmed, under the rules of `lgabm_progress_callback`. The evidence lives until the
 * callback returns.
 *
 * It is provisional: conditions that ask for the absence of something, issues that explain others, and verdicts by
 * release are known only at the end, and the report may leave the issue out. Nor is it redacted, for the names are not
 * known before the end either. Of many hits only the first few of each
 * pattern and file are told, and nothing of what facts of the whole bundle decide, such as a setting of a node.
 */
typedef int32_t (*lgabm_evidence_callback)(void *user, const lgabm_provisional *evidence);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The name of a status, such as `LGABM_OK`; `unknown status` for a number that is none. NUL-terminated, never NULL,
 * lives as long as the library is loaded. Any thread.
 */
const char *lgabm_status_name(int32_t status);

/**
 * The status that the failing call returned; `LGABM_NULL_ARGUMENT` for NULL. Any thread.
 *
 * The caller holds:
 * `error` is NULL or an error that was not freed.
 */
lgabm_status lgabm_error_status(const lgabm_error *error);

/**
 * Writes the message to `message`: one line or, for signatures, one for each mistake. It belongs to the error and
 * lives as long. Any thread. NULL is an error.
 *
 * The caller holds:
 * `error` is NULL or an error that was not freed; `message` is NULL or may be written to.
 */
lgabm_status lgabm_error_message(const lgabm_error *error,
                                 lgabm_text *message);

/**
 * Frees an error; nothing happens for NULL. Any thread.
 *
 * The caller holds:
 * `error` is NULL or an error that was not freed; it is not used afterwards.
 */
void lgabm_error_free(lgabm_error *error);

/**
 * The ABI of the library, in the form of `LGABM_ABI_VERSION`. Any thread.
 */
uint32_t lgabm_abi_version(void);

/**
 * Whether a program made with a header of ABI `header` can use this library: call it first, as
 * `lgabm_abi_check(LGABM_ABI_VERSION, &error)`. `LGABM_OK`, or `LGABM_ABI_MISMATCH` and an error that names both.
 * `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `error` is NULL or may be written to.
 */
lgabm_status lgabm_abi_check(uint32_t header,
                             lgabm_error **error);

/**
 * The release of the library, such as `0.1.0`. NUL-terminated, never NULL, lives as long as the library is loaded.
 * Any thread.
 */
const char *lgabm_version(void);

/**
 * Compiles the built-in signatures. The set in `*signatures` is freed with `lgabm_signatures_free`. `error` may be NULL.
 * Any thread.
 *
 * The caller holds:
 * `signatures` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_signatures_builtin(lgabm_signatures **signatures,
                                      lgabm_error **error);

/**
 * Compiles the `*.toml` of a directory, after the built-in ones if `with_builtin` is not 0. `path` is UTF-8. Fails with
 * `LGABM_SIGNATURE` and a message that has one line for each mistake. The set in `*signatures` is freed with
 * `lgabm_signatures_free`. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `path` leads to `path_len` bytes or is NULL; `signatures` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_signatures_from_directory(const char *path,
                                             size_t path_len,
                                             int32_t with_builtin,
                                             lgabm_signatures **signatures,
                                             lgabm_error **error);

/**
 * Compiles the signatures of a pack: a `.tar.gz` that `loggrep-abm signatures pack` made. `path` is UTF-8. The pack is
 * taken only if every file is what its manifest says. If `with_builtin` is not 0, they come beside the built-in ones, and
 * in place of those of the same id: a pack may be newer. `LGABM_SIGNATURE` if it is no such pack. Otherwise as
 * `lgabm_signatures_from_directory`. Any thread.
 *
 * The caller holds:
 * `path` leads to `path_len` bytes or is NULL; `signatures` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_signatures_from_pack(const char *path,
                                        size_t path_len,
                                        int32_t with_builtin,
                                        lgabm_signatures **signatures,
                                        lgabm_error **error);

/**
 * Compiles signatures from memory, after the built-in ones if `with_builtin` is not 0. The texts are copied. `files` may
 * be NULL when `count` is 0. Otherwise as `lgabm_signatures_from_directory`. Any thread.
 *
 * The caller holds:
 * `files` leads to `count` files whose texts live until the call returns, or is NULL; `signatures` and `error` are NULL
 * or may be written to.
 */
lgabm_status lgabm_signatures_from_memory(const lgabm_signature_file *files,
                                          size_t count,
                                          int32_t with_builtin,
                                          lgabm_signatures **signatures,
                                          lgabm_error **error);

/**
 * How many signatures a set holds; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `signatures` is NULL or a set that was not freed.
 */
size_t lgabm_signatures_count(const lgabm_signatures *signatures);

/**
 * Writes the id of a signature to `id`; they are sorted. It belongs to the set and lives as long. Any thread.
 *
 * The caller holds:
 * `signatures` is NULL or a set that was not freed; `id` is NULL or may be written to.
 */
lgabm_status lgabm_signatures_id(const lgabm_signatures *signatures, size_t index, lgabm_text *id);

/**
 * Writes the SHA-256 over the files of a set, in hexadecimal, to `digest`. It belongs to the set and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `signatures` is NULL or a set that was not freed; `digest` is NULL or may be written to.
 */
lgabm_status lgabm_signatures_digest(const lgabm_signatures *signatures,
                                     lgabm_text *digest);

/**
 * Frees a set; nothing happens for NULL. Any thread, once no call uses it; analyzers made from it stay whole.
 *
 * The caller holds:
 * `signatures` is NULL or a set that was not freed; it is not used afterwards.
 */
void lgabm_signatures_free(lgabm_signatures *signatures);

/**
 * Checks the `*.toml` of a directory, their own examples included. `path` is UTF-8. That there are mistakes is no failure:
 * `*mistakes` holds all of them and is freed with `lgabm_mistakes_free`. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `path` leads to `path_len` bytes or is NULL; `mistakes` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_mistakes_of_directory(const char *path,
                                         size_t path_len,
                                         lgabm_mistakes **mistakes,
                                         lgabm_error **error);

/**
 * Checks signatures in memory, as `lgabm_mistakes_of_directory`. `files` may be NULL when `count` is 0. Any thread.
 *
 * The caller holds:
 * `files` leads to `count` files whose texts live until the call returns, or is NULL; `mistakes` and `error` are NULL or
 * may be written to.
 */
lgabm_status lgabm_mistakes_of_memory(const lgabm_signature_file *files,
                                      size_t count,
                                      lgabm_mistakes **mistakes,
                                      lgabm_error **error);

/**
 * How many mistakes there are; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `mistakes` is NULL or was not freed.
 */
size_t lgabm_mistakes_count(const lgabm_mistakes *mistakes);

/**
 * Writes a mistake to `mistake`. It belongs to `mistakes` and lives as long. Any thread.
 *
 * The caller holds:
 * `mistakes` is NULL or was not freed; `mistake` is NULL or may be written to.
 */
lgabm_status lgabm_mistakes_get(const lgabm_mistakes *mistakes, size_t index, const lgabm_mistake **mistake);

/**
 * Frees mistakes; nothing happens for NULL. Any thread.
 *
 * The caller holds:
 * `mistakes` is NULL or was not freed; neither it nor its mistakes are used afterwards.
 */
void lgabm_mistakes_free(lgabm_mistakes *mistakes);

/**
 * Writes the name of the file to `file`. Lives as long as the mistake. Any thread.
 *
 * The caller holds:
 * `mistake` is NULL or lives; `file` is NULL or may be written to.
 */
lgabm_status lgabm_mistake_file(const lgabm_mistake *mistake, lgabm_text *file);

/**
 * Writes the id of the signature, or the name of its file where it has none, to `id`. Lives as long as the mistake. Any
 * thread.
 *
 * The caller holds:
 * `mistake` is NULL or lives; `id` is NULL or may be written to.
 */
lgabm_status lgabm_mistake_id(const lgabm_mistake *mistake,
                              lgabm_text *id);

/**
 * Writes what is wrong to `message`. Lives as long as the mistake. Any thread.
 *
 * The caller holds:
 * `mistake` is NULL or lives; `message` is NULL or may be written to.
 */
lgabm_status lgabm_mistake_message(const lgabm_mistake *mistake, lgabm_text *message);

/**
 * The line of a mistake, from 1; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `mistake` is NULL or lives.
 */
uint64_t lgabm_mistake_line(const lgabm_mistake *mistake);

/**
 * The column of a mistake, from 1; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `mistake` is NULL or lives.
 */
uint64_t lgabm_mistake_column(const lgabm_mistake *mistake);

/**
 * Gives options that are the defaults, for the caller to free with `lgabm_options_free`. Never NULL. Any thread.
 */
lgabm_options *lgabm_options_new(void);

/**
 * Frees options; nothing happens for NULL. Any thread, once no call uses them; analyzers made from them stay whole.
 *
 * The caller holds:
 * `options` is NULL or was not freed; it is not used afterwards.
 */
void lgabm_options_free(lgabm_options *options);

/**
 * Sets how many threads an analysis uses; 0, the default, takes as many as there are processors. `error` may be NULL.
 *
 * The caller holds:
 * `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
 */
lgabm_status lgabm_options_set_threads(lgabm_options *options,
                                       uint32_t threads,
                                       lgabm_error **error);

/**
 * Sets the language of titles and workarounds: `en`, the default, or `ko`. `error` may be NULL.
 *
 * The caller holds:
 * `options` is NULL or was not freed and is used by nobody else; `language` leads to `len` bytes or is NULL; `error` is
 * NULL or may be written to.
 */
lgabm_status lgabm_options_set_language(lgabm_options *options,
                                        const char *language,
                                        size_t len,
                                        lgabm_error **error);

/**
 * Leaves out findings below a confidence: `possible` (the default), `likely` or `confirmed`. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_set_min_confidence(lgabm_options *options,
                                              const char *confidence,
                                              size_t len,
                                              lgabm_error **error);

/**
 * Leaves out findings below a severity: `info` (the default), `low`, `medium`, `high` or `critical`. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_set_min_severity(lgabm_options *options,
                                            const char *severity,
                                            size_t len,
                                            lgabm_error **error);

/**
 * Takes a release, such as `1.28.300-gke.131`, as that of every cluster. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_set_cluster_version(lgabm_options *options,
                                               const char *version,
                                               size_t len,
                                               lgabm_error **error);

/**
 * Sets how many lines of context are kept before and after a piece of evidence; 1 by default, 100 at most. `error` may
 * be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_threads`.
 */
lgabm_status lgabm_options_set_context(lgabm_options *options,
                                       uint32_t lines,
                                       lgabm_error **error);

/**
 * Evaluates experimental signatures too if `experimental` is not 0; by default only those added with
 * `lgabm_options_add_only`. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_threads`.
 */
lgabm_status lgabm_options_set_experimental(lgabm_options *options,
                                            int32_t experimental,
                                            lgabm_error **error);

/**
 * Sets how many of the most frequent error-level messages that no signature matched the report holds, at most 1000; 0
 * looks for none, 5 is the default. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_threads`.
 */
lgabm_status lgabm_options_set_unknown(lgabm_options *options,
                                       uint32_t templates,
                                       lgabm_error **error);

/**
 * Evaluates this signature, and no other but those added too. An id that the set does not hold makes the analysis fail.
 * `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_add_only(lgabm_options *options,
                                    const char *id,
                                    size_t len,
                                    lgabm_error **error);

/**
 * Reads files whose path matches this glob, or another one added, and no others. A malformed glob makes the analysis
 * fail. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_add_include(lgabm_options *options,
                                       const char *glob,
                                       size_t len,
                                       lgabm_error **error);

/**
 * Leaves out files whose path matches this glob. A malformed glob makes the analysis fail. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_add_exclude(lgabm_options *options,
                                       const char *glob,
                                       size_t len,
                                       lgabm_error **error);

/**
 * Does not count hits dated before a time, such as `2023-01-19T22:11:49Z` or `2023-01-19`. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_set_since(lgabm_options *options,
                                     const char *time,
                                     size_t len,
                                     lgabm_error **error);

/**
 * Does not count hits dated after a time, as `lgabm_options_set_since`. `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_language`.
 */
lgabm_status lgabm_options_set_until(lgabm_options *options,
                                     const char *time,
                                     size_t len,
                                     lgabm_error **error);

/**
 * Sets a limit, one of `lgabm_limit`. A limit that strikes is a problem in the report, which names what was not read.
 * `error` may be NULL.
 *
 * The caller holds:
 * As for `lgabm_options_set_threads`.
 */
lgabm_status lgabm_options_set_limit(lgabm_options *options,
                                     int32_t limit,
                                     uint64_t value,
                                     lgabm_error **error);

/**
 * Sets the callback for progress, which is given `user`; NULL takes it away. What `user` leads to must live until the
 * last analysis with these options is over, and bear use from another thread. `error` may be NULL.
 *
 * The caller holds:
 * `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
 */
lgabm_status lgabm_options_set_progress(lgabm_options *options,
                                        lgabm_progress_callback callback,
                                        void *user,
                                        lgabm_error **error);

/**
 * Sets the callback for provisional evidence, as `lgabm_options_set_progress`. `error` may be NULL.
 *
 * The caller holds:
 * `options` is NULL or was not freed and is used by nobody else; `error` is NULL or may be written to.
 */
lgabm_status lgabm_options_set_evidence(lgabm_options *options,
                                        lgabm_evidence_callback callback,
                                        void *user,
                                        lgabm_error **error);

/**
 * Redacts the report of every analysis, and with it each form, with a redactor that is kept alive inside; NULL takes it
 * away. The analyzers that share one share its aliases. What `lgabm_evidence_callback` tells is not redacted. `error` may
 * be NULL.
 *
 * The caller holds:
 * `options` is NULL or was not freed and is used by nobody else; `redactor` is NULL or was not freed; `error` is NULL or
 * may be written to.
 */
lgabm_status lgabm_options_set_redactor(lgabm_options *options,
                                        const lgabm_redactor *redactor,
                                        lgabm_error **error);

/**
 * Gives a redactor that knows no name yet, for the caller to free with `lgabm_redactor_free`. Never NULL. Any thread.
 */
lgabm_redactor *lgabm_redactor_new(void);

/**
 * Redacts a report that was made without, such as one that was stored: the new one in `*redacted` is freed with
 * `lgabm_report_free`, and `report` stays as it is. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `redactor` and `report` are NULL or were not freed; `redacted` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_redactor_redact(const lgabm_redactor *redactor,
                                   const lgabm_report *report,
                                   lgabm_report **redacted,
                                   lgabm_error **error);

/**
 * Writes what the aliases stand for, so far: a JSON object with an alias as key and what it replaces as value. It is for
 * the customer alone. `*buffer` is freed with `lgabm_buffer_free`. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `redactor` is NULL or was not freed; `buffer` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_redactor_key(const lgabm_redactor *redactor,
                                lgabm_buffer **buffer,
                                lgabm_error **error);

/**
 * Frees a redactor; nothing happens for NULL. Any thread, once no call uses it; analyzers that have it stay whole, and so
 * do reports.
 *
 * The caller holds:
 * `redactor` is NULL or was not freed; it is not used afterwards.
 */
void lgabm_redactor_free(lgabm_redactor *redactor);

/**
 * Makes an analyzer from a set and options; NULL options are the defaults. Both are copied or kept alive inside, so that
 * they may be freed at once. The analyzer in `*analyzer` is freed with `lgabm_analyzer_free`. `error` may be NULL. Any
 * thread.
 *
 * The caller holds:
 * `signatures` and `options` are NULL or were not freed; `analyzer` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_analyzer_new(const lgabm_signatures *signatures,
                                const lgabm_options *options,
                                lgabm_analyzer **analyzer,
                                lgabm_error **error);

/**
 * Frees an analyzer; nothing happens for NULL. Any thread, once no call uses it; its sessions and reports stay whole.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; it is not used afterwards.
 */
void lgabm_analyzer_free(lgabm_analyzer *analyzer);

/**
 * Analyses a file, directory or pipe by its path, UTF-8. The report in `*report` is freed with `lgabm_report_free`.
 * `error` may be NULL. Any thread, several at once.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; `path` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be
 * written to.
 */
lgabm_status lgabm_analyzer_analyze_path(const lgabm_analyzer *analyzer,
                                         const char *path,
                                         size_t len,
                                         lgabm_report **report,
                                         lgabm_error **error);

/**
 * Analyses several paths into one report: what belongs together, such as a snapshot and the workspace beside it.
 * `paths` may be NULL when `count` is 0. Otherwise as `lgabm_analyzer_analyze_path`.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; `paths` leads to `count` texts that live until the call returns, or is NULL;
 * `report` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_analyzer_analyze_paths(const lgabm_analyzer *analyzer,
                                          const lgabm_text *paths,
                                          size_t count,
                                          lgabm_report **report,
                                          lgabm_error **error);

/**
 * Analyses bytes in memory under a name, UTF-8, that reports give them. The bytes are copied. `data` may be NULL when
 * `data_len` is 0. Otherwise as `lgabm_analyzer_analyze_path`.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; `name` and `data` lead to as many bytes as said, or are NULL; `report` and
 * `error` are NULL or may be written to.
 */
lgabm_status lgabm_analyzer_analyze_bytes(const lgabm_analyzer *analyzer,
                                          const char *name,
                                          size_t name_len,
                                          const char *data,
                                          size_t data_len,
                                          lgabm_report **report,
                                          lgabm_error **error);

/**
 * Analyses an open file under a name, UTF-8, that reports give it. A regular file is read from its beginning, without
 * moving its offset; a pipe or socket is read until it ends, and must not be set to non-blocking. The descriptor stays
 * open and the caller's. Otherwise as `lgabm_analyzer_analyze_path`.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be
 * written to.
 */
lgabm_status lgabm_analyzer_analyze_fd(const lgabm_analyzer *analyzer,
                                       int32_t fd,
                                       const char *name,
                                       size_t len,
                                       lgabm_report **report,
                                       lgabm_error **error);

/**
 * Starts a session. With a `name`, UTF-8, the entries are those of one input, as if they lay in a directory of that name;
 * with NULL and 0, each entry is an input by itself, as if its name had been given to `lgabm_analyzer_analyze_paths`.
 * The session in `*session` is freed with `lgabm_session_free`; it uses a thread of its own, and more as the options say.
 * `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `analyzer` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `session` and `error` are NULL or may be
 * written to.
 */
lgabm_status lgabm_session_new(const lgabm_analyzer *analyzer,
                               const char *name,
                               size_t len,
                               lgabm_session **session,
                               lgabm_error **error);

/**
 * Begins an entry by its name, UTF-8: a log, or an archive, which is opened as it arrives (a zip, whose directory stands
 * at its end, is held in memory up to `LGABM_LIMIT_ZIP_BUFFER_BYTES`). `mtime` is when it was modified, in seconds since
 * 1970, or 0 if that is not known: it tells the year of log lines that leave it out. `LGABM_WRONG_ORDER` if an entry is
 * open or the session is finished. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `session` is NULL or was not freed; `name` leads to `len` bytes or is NULL; `error` is NULL or may be written to.
 */
lgabm_status lgabm_session_begin(lgabm_session *session,
                                 const char *name,
                                 size_t len,
                                 int64_t mtime,
                                 lgabm_error **error);

/**
 * Pushes the next bytes of the entry, in pieces of any size. They are copied. Waits while the analysis is behind; when it
 * has ended early because a limit struck, the bytes are dropped and the report tells of it. `data` may be NULL when `len`
 * is 0. `LGABM_WRONG_ORDER` if no entry is open, `LGABM_CANCELLED` if a callback cancelled. `error` may be NULL. Any
 * thread.
 *
 * The caller holds:
 * `session` is NULL or was not freed; `data` leads to `len` bytes or is NULL; `error` is NULL or may be written to.
 */
lgabm_status lgabm_session_push(lgabm_session *session,
                                const char *data,
                                size_t len,
                                lgabm_error **error);

/**
 * Ends the entry. `LGABM_WRONG_ORDER` if none is open, `LGABM_CANCELLED` if a callback cancelled. `error` may be NULL.
 * Any thread.
 *
 * The caller holds:
 * `session` is NULL or was not freed; `error` is NULL or may be written to.
 */
lgabm_status lgabm_session_end(lgabm_session *session,
                               lgabm_error **error);

/**
 * Nothing follows: waits for the analysis to end and gives its report, which is freed with `lgabm_report_free`.
 * `LGABM_WRONG_ORDER` if an entry is open (the session goes on) or the session is finished. After any other outcome the
 * session is finished and only to be freed. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `session` is NULL or was not freed; `report` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_session_finish(lgabm_session *session,
                                  lgabm_report **report,
                                  lgabm_error **error);

/**
 * Frees a session; one that is not finished is cancelled, and its thread waited for. Nothing happens for NULL. Any
 * thread, once no call uses it.
 *
 * The caller holds:
 * `session` is NULL or was not freed; it is not used afterwards.
 */
void lgabm_session_free(lgabm_session *session);

/**
 * Writes a report in a form, one of `lgabm_format`. `*buffer` holds the whole text, UTF-8, and is freed with
 * `lgabm_buffer_free`; it does not need the report any more. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `buffer` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_report_write(const lgabm_report *report,
                                int32_t format,
                                lgabm_buffer **buffer,
                                lgabm_error **error);

/**
 * Writes where the text of a buffer is to `text`. It lives as long as the buffer. Any thread.
 *
 * The caller holds:
 * `buffer` is NULL or was not freed; `text` is NULL or may be written to.
 */
lgabm_status lgabm_buffer_text(const lgabm_buffer *buffer, lgabm_text *text);

/**
 * Frees a buffer; nothing happens for NULL. Any thread.
 *
 * The caller holds:
 * `buffer` is NULL or was not freed; neither it nor its text is used afterwards.
 */
void lgabm_buffer_free(lgabm_buffer *buffer);

/**
 * Frees a report; nothing happens for NULL. Any thread, once no call uses it.
 *
 * The caller holds:
 * `report` is NULL or was not freed; neither it nor anything that belongs to it is used afterwards.
 */
void lgabm_report_free(lgabm_report *report);

/**
 * Whether all of every input was read: 1 or 0; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed.
 */
int32_t lgabm_report_is_complete(const lgabm_report *report);

/**
 * The major number of the JSON document's schema; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed.
 */
uint64_t lgabm_report_schema_major(const lgabm_report *report);

/**
 * Writes the digest of the signatures that were used to `text`. The text belongs to the report and lives as long.
 * Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `text` is NULL or may be written to.
 */
lgabm_status lgabm_report_signatures_digest(const lgabm_report *report,
                                            lgabm_text *text);

/**
 * How many clusters the input knows; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed.
 */
size_t lgabm_report_cluster_count(const lgabm_report *report);

/**
 * Writes the name of a cluster to `text`; empty where a release stands without one. The text belongs to the report
 * and lives as long. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `text` is NULL or may be written to.
 */
lgabm_status lgabm_report_cluster_name(const lgabm_report *report,
                                       size_t index,
                                       lgabm_text *text);

/**
 * Writes the release of a cluster to `text`; empty where nothing tells it. The text belongs to the report and lives
 * as long. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `text` is NULL or may be written to.
 */
lgabm_status lgabm_report_cluster_version(const lgabm_report *report,
                                          size_t index,
                                          lgabm_text *text);

/**
 * How many findings there are; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed.
 */
size_t lgabm_report_finding_count(const lgabm_report *report);

/**
 * Writes a finding, the most severe and most certain first, to `finding`. It belongs to the report and lives as
 * long; it is not freed. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `finding` is NULL or may be written to.
 */
lgabm_status lgabm_report_finding(const lgabm_report *report,
                                  size_t index,
                                  const lgabm_finding **finding);

/**
 * How many problems are listed; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed.
 */
size_t lgabm_report_problem_count(const lgabm_report *report);

/**
 * Writes a problem, ordered by path and offset, to `problem`. It belongs to the report and lives as long; it is not
 * freed. Any thread.
 *
 * The caller holds:
 * `report` is NULL or was not freed; `problem` is NULL or may be written to.
 */
lgabm_status lgabm_report_problem(const lgabm_report *report,
                                  size_t index,
                                  const lgabm_problem **problem);

/**
 * Writes the id of the signature to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_id(const lgabm_finding *finding, lgabm_text *text);

/**
 * Writes the title, one line, to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_title(const lgabm_finding *finding, lgabm_text *text);

/**
 * Writes cause and effect to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_summary(const lgabm_finding *finding, lgabm_text *text);

/**
 * Writes the kind of issue, such as `networking`, to `text`. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_category(const lgabm_finding *finding,
                                    lgabm_text *text);

/**
 * Writes `critical`, `high`, `medium`, `low` or `info` to `text`. The text belongs to the report and lives as long.
 * Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_severity(const lgabm_finding *finding,
                                    lgabm_text *text);

/**
 * Writes `confirmed`, `likely` or `possible` to `text`. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_confidence(const lgabm_finding *finding, lgabm_text *text);

/**
 * Writes `affected`, `fixed`, `not_affected` or `unknown` to `text`. The text belongs to the report and lives as
 * long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_verdict(const lgabm_finding *finding,
                                   lgabm_text *text);

/**
 * Writes what to do, Markdown, to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_workaround(const lgabm_finding *finding, lgabm_text *text);

/**
 * Writes what tells this issue on these nodes from others to `text`. The text belongs to the report and lives as
 * long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_fingerprint(const lgabm_finding *finding,
                                       lgabm_text *text);

/**
 * Writes the release that fixes it for the cluster of the verdict to `text`; empty where nothing tells. The text
 * belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_fix_for_this_cluster(const lgabm_finding *finding,
                                                lgabm_text *text);

/**
 * Writes when the earliest dated hit was, RFC 3339, to `text`; empty where nothing tells. The text belongs to the
 * report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_first_seen(const lgabm_finding *finding,
                                      lgabm_text *text);

/**
 * Writes when the last dated hit was, RFC 3339, to `text`; empty where nothing tells. The text belongs to the
 * report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_last_seen(const lgabm_finding *finding, lgabm_text *text);

/**
 * How often it was seen; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
uint64_t lgabm_finding_count(const lgabm_finding *finding);

/**
 * Whether it still happens at the end of that log: 1 or 0, and -1 when nothing tells; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
int32_t lgabm_finding_ongoing(const lgabm_finding *finding);

/**
 * How many nodes have a hit; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_node_count(const lgabm_finding *finding);

/**
 * Writes the name of a node to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_node(const lgabm_finding *finding, size_t index, lgabm_text *text);

/**
 * How many pods have a hit; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_pod_count(const lgabm_finding *finding);

/**
 * Writes a pod, `namespace/pod` where the namespace is known, to `text`. The text belongs to the report and lives
 * as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_pod(const lgabm_finding *finding,
                               size_t index,
                               lgabm_text *text);

/**
 * How many references there are; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_reference_count(const lgabm_finding *finding);

/**
 * Writes where to read more to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_reference(const lgabm_finding *finding, size_t index, lgabm_text *text);

/**
 * How many named captures there are; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_capture_count(const lgabm_finding *finding);

/**
 * Writes the name of a capture to `text`; they are sorted. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_capture_name(const lgabm_finding *finding,
                                        size_t index,
                                        lgabm_text *text);

/**
 * How many distinct values a capture has; 0 for NULL, or an index that is too large. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_capture_value_count(const lgabm_finding *finding, size_t index);

/**
 * Writes a value of a capture to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_finding_capture_value(const lgabm_finding *finding,
                                         size_t index,
                                         size_t value,
                                         lgabm_text *text);

/**
 * How many pieces of evidence are kept; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives.
 */
size_t lgabm_finding_evidence_count(const lgabm_finding *finding);

/**
 * Writes a piece of evidence, the best first, to `evidence`. It belongs to the report and lives as long; it is not
 * freed. Any thread.
 *
 * The caller holds:
 * `finding` is NULL or lives; `evidence` is NULL or may be written to.
 */
lgabm_status lgabm_finding_evidence(const lgabm_finding *finding,
                                    size_t index,
                                    const lgabm_evidence **evidence);

/**
 * Writes the file, archives on the way before `!`, to `text`. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_path(const lgabm_evidence *evidence,
                                 lgabm_text *text);

/**
 * Writes the line, or the lines of a wrapped message, to `text`. The text belongs to the report and lives as long.
 * Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_text(const lgabm_evidence *evidence,
                                 lgabm_text *text);

/**
 * Writes when it was, RFC 3339, UTC, to `text`; empty where nothing tells. The text belongs to the report and lives
 * as long. Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_time(const lgabm_evidence *evidence,
                                 lgabm_text *text);

/**
 * Writes the cluster to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_cluster(const lgabm_evidence *evidence,
                                    lgabm_text *text);

/**
 * Writes the node to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_node(const lgabm_evidence *evidence, lgabm_text *text);

/**
 * Writes the namespace to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_namespace(const lgabm_evidence *evidence,
                                      lgabm_text *text);

/**
 * Writes the pod to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_pod(const lgabm_evidence *evidence, lgabm_text *text);

/**
 * Writes the container to `text`; empty where nothing tells. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_container(const lgabm_evidence *evidence,
                                      lgabm_text *text);

/**
 * The line of the file on which the message begins, from 1; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives.
 */
uint64_t lgabm_evidence_line(const lgabm_evidence *evidence);

/**
 * The byte of the decompressed file at which the match begins, from 0; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives.
 */
uint64_t lgabm_evidence_offset(const lgabm_evidence *evidence);

/**
 * How many named captures this hit has; 0 for NULL. Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives.
 */
size_t lgabm_evidence_capture_count(const lgabm_evidence *evidence);

/**
 * Writes the name of a capture to `text`; they are sorted. The text belongs to the report and lives as long. Any
 * thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_capture_name(const lgabm_evidence *evidence,
                                         size_t index,
                                         lgabm_text *text);

/**
 * Writes the value of a capture to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `evidence` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_evidence_capture_value(const lgabm_evidence *evidence, size_t index, lgabm_text *text);

/**
 * Writes the file, or the input itself, to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `problem` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_problem_path(const lgabm_problem *problem,
                                lgabm_text *text);

/**
 * Writes `truncated`, `corrupt`, `checksum`, `limit`, `unsupported`, `unreadable`, `skipped`, `duplicate` or
 * `signature` to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `problem` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_problem_kind(const lgabm_problem *problem, lgabm_text *text);

/**
 * Writes one sentence to `text`. The text belongs to the report and lives as long. Any thread.
 *
 * The caller holds:
 * `problem` is NULL or lives; `text` is NULL or may be written to.
 */
lgabm_status lgabm_problem_message(const lgabm_problem *problem, lgabm_text *text);

/**
 * Reads a report from the JSON document that `lgabm_report_write` gives, such as one that was stored. The report in
 * `*report` is freed with `lgabm_report_free`. `error` may be NULL. Any thread.
 *
 * The caller holds:
 * `json` leads to `len` bytes or is NULL; `report` and `error` are NULL or may be written to.
 */
lgabm_status lgabm_report_from_json(const char *json,
                                    size_t len,
                                    lgabm_report **report,
                                    lgabm_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LOGGREP_ABM_H */
