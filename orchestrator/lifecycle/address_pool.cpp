#include "lifecycle/address_pool.hpp"

#include <algorithm>
#include <utility>

namespace keel::lifecycle {
namespace {

// First and one-past-last offset of the addresses of a prefix that a host may have.
std::pair<std::uint64_t, std::uint64_t> host_range(const Prefix& prefix) {
    const std::uint64_t count = std::uint64_t{1} << (32 - prefix.length);
    return prefix.length >= 31 ? std::pair{std::uint64_t{0}, count} : std::pair{std::uint64_t{1}, count - 1};
}

bool is_host_of(const Prefix& prefix, const IpAddress& address) {
    if (!prefix.contains(address)) return false;
    const std::uint64_t offset = address.v4_value() - prefix.ip.v4_value();
    const auto [first, last] = host_range(prefix);
    return offset >= first && offset < last;
}

}  // namespace

AddressPool::AddressPool(std::vector<Prefix> prefixes, std::set<IpAddress> reserved)
    : prefixes_(std::move(prefixes)), reserved_(std::move(reserved)) {
    for (const Prefix& prefix : prefixes_) {
        const auto [first, last] = host_range(prefix);
        size_ += last - first;
        size_ -= static_cast<std::uint64_t>(std::ranges::count_if(
            reserved_, [&](const IpAddress& address) { return is_host_of(prefix, address); }));
    }
}

void AddressPool::change(std::vector<Prefix> prefixes, std::set<IpAddress> reserved) {
    auto used = std::move(used_);
    *this = AddressPool(std::move(prefixes), std::move(reserved));
    used_ = std::move(used);
}

bool AddressPool::lends(const std::vector<Prefix>& prefixes, const IpAddress& address) {
    return std::ranges::any_of(prefixes, [&](const Prefix& prefix) { return is_host_of(prefix, address); });
}

std::optional<IpAddress> AddressPool::next_unused() {
    for (; prefix_ < prefixes_.size(); ++prefix_, offset_ = 0) {
        const auto [first, last] = host_range(prefixes_[prefix_]);
        for (offset_ = std::max(offset_, first); offset_ < last;) {
            const auto address =
                IpAddress::v4(prefixes_[prefix_].ip.v4_value() + static_cast<std::uint32_t>(offset_++));
            if (!reserved_.contains(address) && !used_.contains(address)) return address;
        }
    }
    return std::nullopt;
}

std::optional<IpAddress> AddressPool::take() {
    auto address = next_unused();
    while (!address && !freed_.empty()) {
        // After a change next_unused() comes by addresses that were given back meanwhile.
        if (!used_.contains(freed_.front())) address = freed_.front();
        freed_.pop_front();
    }
    if (address) used_.insert(*address);
    return address;
}

bool AddressPool::take(const IpAddress& address) {
    return used_.insert(address).second;
}

void AddressPool::give_back(const IpAddress& address) {
    if (used_.erase(address) == 0 || reserved_.contains(address)) return;
    if (lends(prefixes_, address)) freed_.push_back(address);
}

}  // namespace keel::lifecycle
