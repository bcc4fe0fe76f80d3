#include "linux/metrics_textfile.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/unique_fd.hpp"

namespace keel {
namespace {

std::unexpected<Error> failed(const std::string& path, const char* what) {
    return fail(ErrorCode::io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)),
                "give metrics.textfile a directory that keel2tpd may write to");
}

}  // namespace

Status replace_file(const std::string& path, const std::string& text) {
    // node_exporter reads *.prom alone, so that it never sees this one.
    const std::string beside = path + ".new";
    ::unlink(beside.c_str());
    const UniqueFd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return failed(beside, "make");
    if (::fchmod(file.value(), 0644) != 0) return failed(beside, "make");
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t written = ::write(file.value(), text.data() + done, text.size() - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            const auto error = failed(beside, "write");
            ::unlink(beside.c_str());
            return error;
        }
        done += static_cast<std::size_t>(written);
    }
    if (std::rename(beside.c_str(), path.c_str()) != 0) {
        const auto error = failed(path, "replace");
        ::unlink(beside.c_str());
        return error;
    }
    return {};
}

void MetricsTextfile::start(std::string path) {
    path_ = std::move(path);
    last_failure_.clear();
    write();
}

void MetricsTextfile::stop() {
    timer_.cancel();
    if (!path_.empty()) ::unlink(path_.c_str());
    path_.clear();
}

void MetricsTextfile::write() {
    const Status written = replace_file(path_, text_());
    const std::string failure = written ? std::string() : written.error().text();
    if (!failure.empty() && failure != last_failure_) {
        log_.warning("daemon.metrics", {{"state", "failed"}, {"why", failure}});
    }
    last_failure_ = failure;
    timer_.expires_after(kInterval);
    timer_.async_wait([this](asio::error_code error) {
        if (!error && !path_.empty()) write();
    });
}

}  // namespace keel
