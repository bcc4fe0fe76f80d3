// ControlCallers: who is connected to the control socket, and whose turn it is. An admin's call starts at
// once; readers' calls start one after another, so that together they take no more than a quarter of the
// daemon's time, and not while much of what they asked for has not been read yet.
#pragma once

#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "api/house.hpp"
#include "base/result.hpp"

namespace keel {

// Whose members may read, and whose may do everything. None: root alone.
struct ControlGroups {
    std::optional<gid_t> read;
    std::optional<gid_t> admin;
};

// `not_found`: there is no such group.
[[nodiscard]] Result<gid_t> group_named(const std::string& name);

// Who is at the other end of a connected unix socket, as he was when he connected.
[[nodiscard]] Result<api::Caller> caller_at(int fd, const ControlGroups& groups);

struct ControlLimits {
    int connections = 128;
    int readers = 96;     // of these; the rest is for root and admins
    int per_reader = 32;  // connections of one user
    std::size_t request = std::size_t{16} << 20;
    std::size_t reader_request = std::size_t{64} << 10;
    std::size_t reader_replies = std::size_t{32} << 20;  // under way, of all together, but for the last one
    int reader_calls = 2;                                // being answered at a time
    std::chrono::milliseconds patience = std::chrono::seconds(30);  // until the rest of a call, or a read
    std::chrono::milliseconds idle = std::chrono::minutes(10);      // between calls
};

class ControlCallers : public std::enable_shared_from_this<ControlCallers> {
public:
    ControlCallers(asio::io_context& loop, const ControlLimits& limits) : limits_(limits), timer_(loop) {}

    // Ends with the object.
    class Place {
    public:
        Place(std::shared_ptr<ControlCallers> callers, const api::Caller& caller);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        std::shared_ptr<ControlCallers> callers_;
        api::Caller caller_;
    };

    // None: no place is free for such a caller.
    [[nodiscard]] std::unique_ptr<Place> admit(const api::Caller& caller);

    // Runs `start` at once or when it is its turn. `answered` must follow for each, then `delivered`.
    void take_turn(const api::Caller& caller, std::function<void()> start);
    void answered(const api::Caller& caller, std::size_t octets);
    void delivered(const api::Caller& caller, std::size_t octets);

    // No call starts any more.
    void stop();

    [[nodiscard]] const ControlLimits& limits() const { return limits_; }

private:
    static bool reads_only(const api::Caller& caller) { return caller.access < api::Access::admin; }
    void start_next();

    ControlLimits limits_;
    asio::steady_timer timer_;
    std::deque<std::function<void()>> waiting_;
    std::map<uid_t, int> readers_;
    int connections_ = 0;
    int reading_ = 0;    // places of readers
    int answering_ = 0;  // calls of readers
    std::size_t undelivered_ = 0;
    std::chrono::steady_clock::time_point not_before_{};
    bool starting_ = false;
    bool stopped_ = false;
};

}  // namespace keel
