// AddressPool: the addresses that one server gives to its clients. Hands out fresh ones first, then the one
// that has been free longest, so that what one client gave back is not another's at once.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "base/address.hpp"

namespace keel::lifecycle {

class AddressPool {
public:
    // IPv4 prefixes. Network and broadcast address of each prefix shorter than /31 and all of `reserved`
    // (ours, users' fixed addresses) are never handed out by take().
    AddressPool(std::vector<Prefix> prefixes, std::set<IpAddress> reserved);

    // The same addresses lent as before, from other prefixes. What is lent and in none of them is not lent
    // again.
    void change(std::vector<Prefix> prefixes, std::set<IpAddress> reserved);
    // Whether a pool of these prefixes has the address.
    [[nodiscard]] static bool lends(const std::vector<Prefix>& prefixes, const IpAddress& address);

    // The next free address; nothing when the pool is used up.
    [[nodiscard]] std::optional<IpAddress> take();
    // A fixed address, inside the pool or not; false when it is in use.
    [[nodiscard]] bool take(const IpAddress& address);
    void give_back(const IpAddress& address);

    [[nodiscard]] std::uint64_t size() const { return size_; }  // addresses that take() can hand out
    [[nodiscard]] std::uint64_t used() const { return used_.size(); }

private:
    [[nodiscard]] std::optional<IpAddress> next_unused();

    std::vector<Prefix> prefixes_;
    std::set<IpAddress> reserved_;
    std::uint64_t size_ = 0;
    std::size_t prefix_ = 0;       // next_unused() goes on here ...
    std::uint64_t offset_ = 0;     // ... at this address of it
    std::deque<IpAddress> freed_;  // given back, oldest first
    std::set<IpAddress> used_;
};

}  // namespace keel::lifecycle
