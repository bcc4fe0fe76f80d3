#include "linux/config_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.hpp"
#include "linux/credentials.hpp"
#include "linux/files.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

std::unexpected<Error> cannot_save(const std::string& path) {
    return fail(ErrorCode::io, fmt::format("cannot write {}: {}", path, std::strerror(errno)),
                errno == EROFS ? "let the service write there (systemd: ReadWritePaths=)"
                               : "see that there is room and that the directory exists");
}

Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannot_save(path);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Error beyond_reach(const std::string& path, const std::string& configuration) {
    const auto directory = std::filesystem::path(configuration).parent_path().string();
    return {ErrorCode::denied,
            fmt::format("{} is not below {}: only root may refer to other files", path, directory),
            "put the file there, or apply the configuration as root"};
}

}  // namespace

Result<std::string> ConfigFile::text() const {
    return read_text_file(path_);
}

// Where links lead counts, not what the path looks like.
bool ConfigFile::is_beside(const std::string& reference) const {
    if (reference.starts_with("credential:")) return true;
    std::error_code error;
    const auto directory = std::filesystem::canonical(std::filesystem::absolute(path_).parent_path(), error);
    if (error) return false;
    const auto file = std::filesystem::weakly_canonical(reference, error);
    if (error || !std::filesystem::path(reference).is_absolute()) return false;
    const auto relative = file.lexically_relative(directory);
    return !relative.empty() && *relative.begin() != "..";
}

std::expected<CheckedConfig, std::vector<config::Fault>> ConfigFile::check(
    std::string_view text, Origin origin, std::optional<std::string_view> running) const {
    std::vector<Error> doubts;
    const auto may_refer = [&](const std::string& path) { return origin == Origin::root || is_beside(path); };
    const auto read_secret = [&](const std::string& path) -> Result<Secret> {
        if (!may_refer(path)) return std::unexpected(beyond_reach(path, path_));
        return read_secret_file(path);
    };
    // What will never work is a fault, like a PSK that cannot be read. What does not work today (an expired
    // certificate, a clock that is not set yet) must not keep the other connections from starting.
    const auto check_credentials = [&](const IpsecAuth& auth) {
        std::vector<config::CredentialFault> faults;
        for (const auto& [field, path] : files_of(auth)) {
            if (!may_refer(path)) faults.push_back({field, beyond_reach(path, path_)});
        }
        if (!faults.empty()) return faults;
        for (const auto& finding : read_credentials(auth, credential_files(), calendar_now()).findings) {
            if (finding.kind == CredentialFinding::Kind::fault) {
                faults.push_back(finding.what);
            } else {
                doubts.push_back(finding.what.why);
            }
        }
        return faults;
    };
    auto parsed = config::parse_document(text, read_secret, check_credentials, running);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    if (!plugin_.empty()) parsed->config.plugin = plugin_;
    return CheckedConfig{std::make_shared<const config::Config>(std::move(parsed->config)),
                         std::move(parsed->document), std::move(doubts)};
}

Status ConfigFile::save(std::string_view document) const {
    std::error_code error;
    const auto resolved = std::filesystem::weakly_canonical(path_, error);
    const std::string path = error ? path_ : resolved.string();
    struct stat before {};
    const bool exists = ::stat(path.c_str(), &before) == 0;
    std::string made = path + ".XXXXXX";
    const UniqueFd fd(::mkostemp(made.data(), O_CLOEXEC));
    if (fd.value() < 0) return cannot_save(path);
    Status done = write_all(fd.value(), document, path);
    if (done && exists &&
        (::fchown(fd.value(), before.st_uid, before.st_gid) != 0 ||
         ::fchmod(fd.value(), before.st_mode & 0777) != 0))
        done = cannot_save(path);
    if (done && ::fsync(fd.value()) != 0) done = cannot_save(path);
    if (done && ::rename(made.c_str(), path.c_str()) != 0) done = cannot_save(path);
    if (!done) {
        ::unlink(made.c_str());
        return done;
    }
    // The name, too, is to outlive a power cut.
    const auto directory = std::filesystem::path(path).parent_path().string();
    const UniqueFd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.value() >= 0) ::fsync(parent.value());
    return {};
}

}  // namespace keel
