// House: what the control interface asks of the daemon, a function for each method of org.keel2tp. Parameters
// arrive checked and typed, access is already decided. What is returned is the reply's parameters, the whole
// object as schemas/org.keel2tp.varlink has it. What a House leaves as it is here answers
// MethodNotImplemented.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "api/failure.hpp"
#include "base/log.hpp"

namespace keel::api {

enum class Access { none, read, admin };

// Who calls, by the socket's word.
struct Caller {
    Access access = Access::none;
    uid_t uid = static_cast<uid_t>(-1);
    pid_t pid = 0;

    [[nodiscard]] bool root() const { return uid == 0; }
};

struct ApplyRequest {
    std::string config;  // the JSON text itself
    std::optional<milliseconds> confirm_timeout;
    std::optional<std::string> if_hash;
    bool save = false;
};

// At least one is given.
struct DropRequest {
    std::optional<std::uint32_t> session;
    std::optional<std::string> user;
    std::optional<std::string> connection;
};

class House {
public:
    virtual ~House() = default;

    virtual Outcome show();
    virtual void ipsec(Answer answer);
    virtual Outcome users(const std::optional<std::string>& connection);
    virtual void metrics(Answer answer);

    virtual Outcome config();
    virtual Outcome plan(const Caller& caller, const std::string& config);
    virtual void apply(const Caller& caller, ApplyRequest request, Answer answer);
    virtual Outcome confirm(const Caller& caller, bool save);
    virtual void rollback(const Caller& caller, Answer answer);
    virtual Outcome save(const Caller& caller);

    virtual Outcome up(const std::string& connection);
    virtual Outcome down(const std::string& connection);
    virtual Outcome restart(const std::string& connection);
    virtual Outcome drop(const DropRequest& request);
    virtual Outcome trace(const std::string& connection);

    virtual Outcome log_levels();
    // No area: the general level. No level: the area has none of its own any more.
    virtual Outcome set_log(const std::optional<std::string>& area, std::optional<LogLevel> level);
};

}  // namespace keel::api
