#include "linux/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/unique_fd.hpp"

namespace keel {
namespace {

constexpr std::size_t kMaxText = std::size_t{16} << 20;
constexpr std::size_t kMaxSecret = std::size_t{64} << 10;

Result<UniqueFd> open_file(const std::string& path) {
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (fd) return fd;
    const auto code = errno == ENOENT   ? ErrorCode::not_found
                      : errno == EACCES ? ErrorCode::denied
                                        : ErrorCode::io;
    return fail(code, fmt::format("cannot open {}: {}", path, std::strerror(errno)),
                errno == ENOENT ? "create it, or correct the path" : "");
}

// Up to `most` bytes into `out`, wiping nothing: the caller owns what it reads.
Status read_all(int fd, const std::string& path, std::size_t most, Bytes& out) {
    out.resize(most + 1);
    std::size_t have = 0;
    for (;;) {
        const auto got = ::read(fd, out.data() + have, out.size() - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return fail(ErrorCode::io, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
        if (have > most)
            return fail(ErrorCode::invalid, fmt::format("{} has more than {} bytes", path, most));
    }
    out.resize(have);
    return {};
}

}  // namespace

Result<std::string> path_of_reference(const std::string& reference) {
    constexpr std::string_view kCredential = "credential:";
    if (!reference.starts_with(kCredential)) return reference;
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (!directory) {
        return fail(ErrorCode::not_found, "there is no $CREDENTIALS_DIRECTORY to take a credential from",
                    "run under systemd with LoadCredential=, or use {\"file\": PATH}");
    }
    return std::string(directory) + "/" + reference.substr(kCredential.size());
}

Result<std::string> read_text_file(const std::string& path) {
    const auto fd = open_file(path);
    if (!fd) return std::unexpected(fd.error());
    struct stat info {};
    if (::fstat(fd->value(), &info) == 0 && static_cast<std::size_t>(info.st_size) > kMaxText) {
        return fail(ErrorCode::invalid, fmt::format("{} has more than {} bytes", path, kMaxText));
    }
    Bytes bytes;
    if (auto done = read_all(fd->value(), path, kMaxText, bytes); !done) return std::unexpected(done.error());
    return std::string(as_text(bytes));
}

Result<Secret> read_secret_file(const std::string& reference) {
    const auto path = path_of_reference(reference);
    if (!path) return std::unexpected(path.error());
    const auto fd = open_file(*path);
    if (!fd) return std::unexpected(fd.error());
    struct stat info {};
    if (::fstat(fd->value(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_IROTH)) {
        return fail(ErrorCode::denied, *path + " can be read by everybody", "chmod 600 " + *path);
    }
    Bytes bytes;
    auto done = read_all(fd->value(), *path, kMaxSecret, bytes);
    if (done && !bytes.empty() && bytes.back() == '\n') bytes.pop_back();
    const Secret secret{ByteView(bytes)};
    wipe(bytes.data(), bytes.capacity());
    if (!done) return std::unexpected(done.error());
    return secret;
}

}  // namespace keel
