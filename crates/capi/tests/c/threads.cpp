// Two threads with one signature set and one analyzer, from C++. Argument: a bundle.

#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <loggrep_abm.h>

namespace {

template <typename T, void (*Free)(T *)>
struct Deleter {
    void operator()(T *handle) const { Free(handle); }
};
template <typename T, void (*Free)(T *)>
using Handle = std::unique_ptr<T, Deleter<T, Free>>;

using Signatures = Handle<lgabm_signatures, lgabm_signatures_free>;
using Analyzer = Handle<lgabm_analyzer, lgabm_analyzer_free>;
using Session = Handle<lgabm_session, lgabm_session_free>;
using Report = Handle<lgabm_report, lgabm_report_free>;
using Buffer = Handle<lgabm_buffer, lgabm_buffer_free>;

std::string to_string(lgabm_text text) { return std::string(text.data, text.len); }

void ok(lgabm_status status, lgabm_error *error)
{
    if (status == LGABM_OK) {
        return;
    }
    lgabm_text message{nullptr, 0};
    lgabm_error_message(error, &message);
    const std::string what = to_string(message);
    lgabm_error_free(error);
    throw std::runtime_error(what);
}

std::string json(const lgabm_report *report)
{
    lgabm_error *error = nullptr;
    lgabm_buffer *raw = nullptr;
    ok(lgabm_report_write(report, LGABM_FORMAT_JSON, &raw, &error), error);
    const Buffer buffer(raw);
    lgabm_text text{nullptr, 0};
    ok(lgabm_buffer_text(buffer.get(), &text), nullptr);
    return to_string(text);
}

std::string by_path(const lgabm_analyzer *analyzer, const std::string &path)
{
    lgabm_error *error = nullptr;
    lgabm_report *report = nullptr;
    ok(lgabm_analyzer_analyze_path(analyzer, path.data(), path.size(), &report, &error), error);
    return json(Report(report).get());
}

std::string by_push(const lgabm_analyzer *analyzer, const std::string &path)
{
    lgabm_error *error = nullptr;
    lgabm_session *raw = nullptr;
    ok(lgabm_session_new(analyzer, nullptr, 0, &raw, &error), error);
    const Session session(raw);
    ok(lgabm_session_begin(raw, path.data(), path.size(), 0, &error), error);
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    std::vector<char> piece(777);
    for (std::size_t n; (n = std::fread(piece.data(), 1, piece.size(), file.get())) > 0;) {
        ok(lgabm_session_push(raw, piece.data(), n, &error), error);
    }
    ok(lgabm_session_end(raw, &error), error);
    lgabm_report *report = nullptr;
    ok(lgabm_session_finish(raw, &report, &error), error);
    return json(Report(report).get());
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc != 2) {
        return 2;
    }
    const std::string path = argv[1];
    lgabm_error *error = nullptr;
    ok(lgabm_abi_check(LGABM_ABI_VERSION, &error), error);
    lgabm_signatures *set = nullptr;
    ok(lgabm_signatures_builtin(&set, &error), error);
    const Signatures signatures(set);
    lgabm_analyzer *raw = nullptr;
    ok(lgabm_analyzer_new(set, nullptr, &raw, &error), error);
    const Analyzer shared(raw);

    const std::string expected = by_path(shared.get(), path);
    std::vector<std::string> got(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < got.size(); i++) {
        threads.emplace_back([&, i] {
            try {
                if (i % 2 == 0) {
                    got[i] = i == 0 ? by_path(shared.get(), path) : by_push(shared.get(), path);
                    return;
                }
                lgabm_error *error = nullptr;
                lgabm_analyzer *own = nullptr;
                ok(lgabm_analyzer_new(signatures.get(), nullptr, &own, &error), error);
                got[i] = by_push(Analyzer(own).get(), path);
            } catch (const std::exception &problem) {
                got[i] = problem.what();
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const std::string &report : got) {
        if (report != expected) {
            std::fprintf(stderr, "a thread got another report:\n%s\n", report.c_str());
            return 1;
        }
    }
    return 0;
} catch (const std::exception &problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
}
