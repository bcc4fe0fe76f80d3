// Secret: a password or key. It is wiped when it dies, has no formatter and no comparison, and is read only
// through reveal(), so that each place that sees the plain bytes can be found by that name.
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace keel {

// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t size);

class Secret {
public:
    Secret() = default;
    explicit Secret(ByteView bytes);
    explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}

    [[nodiscard]] bool empty() const { return !bytes_ || bytes_->empty(); }
    [[nodiscard]] ByteView reveal() const { return bytes_ ? ByteView(*bytes_) : ByteView{}; }

    // For the plan: whether two configurations hold the same secret. Constant time in the contents.
    [[nodiscard]] bool same_as(const Secret& other) const;

private:
    // Shared and immutable: copies of a configuration do not multiply the plain bytes in memory.
    std::shared_ptr<const Bytes> bytes_;
};

}  // namespace keel
