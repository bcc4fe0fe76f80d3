// AsioResolver: host names to addresses, by the system's getaddrinfo on Asio's resolver thread; the answer
// comes as a Resolved event from the loop.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "ports.hpp"

namespace keel {

class AsioResolver final : public Resolver {
public:
    AsioResolver(asio::io_context& loop, std::function<void(Event)> emit);
    ~AsioResolver() override;  // unanswered questions are dropped

    void resolve(std::uint64_t tag, const std::string& host) override;

private:
    asio::io_context& loop_;
    // Shared with the handlers under way, which must not call a dead owner.
    std::shared_ptr<std::function<void(Event)>> emit_;
    asio::ip::udp::resolver resolver_;
};

}  // namespace keel
