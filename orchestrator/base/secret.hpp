// Secret: a password or key. It is wiped when it dies, has no formatter, is compared in constant time, and is
// read only through reveal(), so that each place that sees the plain bytes can be found by that name.
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

    // Constant time in the contents, not in the lengths.
    [[nodiscard]] bool operator==(const Secret& other) const;

private:
    // Shared and immutable: copies of a configuration do not multiply the plain bytes in memory.
    std::shared_ptr<const Bytes> bytes_;
};

}  // namespace keel
