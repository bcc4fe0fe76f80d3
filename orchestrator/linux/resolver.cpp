#include "linux/resolver.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <asio/post.hpp>

namespace keel {
namespace {

Error explain(const std::string& host, const asio::error_code& error) {
    if (error == asio::error::host_not_found_try_again) {
        return {ErrorCode::unavailable, fmt::format("{} cannot be resolved: no DNS server answers", host),
                "look at /etc/resolv.conf and the way to the server named there"};
    }
    return {ErrorCode::not_found, fmt::format("{} cannot be resolved: {}", host, error.message()),
            "look for a typing error in the name; `getent ahosts NAME` asks the same question"};
}

std::vector<IpAddress> addresses_of(const asio::ip::udp::resolver::results_type& results) {
    std::vector<IpAddress> out;
    for (const auto& entry : results) {
        const auto parsed = IpAddress::parse(entry.endpoint().address().to_string());
        if (parsed && std::ranges::find(out, *parsed) == out.end()) out.push_back(*parsed);
    }
    return out;
}

}  // namespace

AsioResolver::AsioResolver(asio::io_context& loop, std::function<void(Event)> emit)
    : loop_(loop), emit_(std::make_shared<std::function<void(Event)>>(std::move(emit))), resolver_(loop) {}

AsioResolver::~AsioResolver() {
    resolver_.cancel();
}

void AsioResolver::resolve(std::uint64_t tag, const std::string& host) {
    const std::weak_ptr<std::function<void(Event)>> emit = emit_;
    const auto answer = [emit, tag](Result<std::vector<IpAddress>> addresses) {
        if (const auto alive = emit.lock()) (*alive)(Resolved{tag, std::move(addresses)});
    };
    if (const auto literal = IpAddress::parse(host)) {
        asio::post(loop_, [answer, literal] { answer(std::vector{*literal}); });
        return;
    }
    resolver_.async_resolve(host, "1701", asio::ip::udp::resolver::numeric_service,
                            [answer, host](const asio::error_code& error, const auto& results) {
                                if (error) return answer(std::unexpected(explain(host, error)));
                                auto addresses = addresses_of(results);
                                if (addresses.empty()) {
                                    return answer(fail(ErrorCode::not_found, host + " has no usable address",
                                                       "give the name an A or AAAA record"));
                                }
                                answer(std::move(addresses));
                            });
}

}  // namespace keel
