#include "base/secret.hpp"

#include <cstring>

namespace keel {

void wipe(void* memory, std::size_t size) {
    if (size > 0) explicit_bzero(memory, size);  // of nothing, `memory` may be null
}

Secret::Secret(ByteView bytes)
    : bytes_(new Bytes(bytes.begin(), bytes.end()), [](const Bytes* held) {
          auto* owned = const_cast<Bytes*>(held);
          wipe(owned->data(), owned->size());
          delete owned;
      }) {}

bool Secret::operator==(const Secret& other) const {
    const ByteView a = reveal();
    const ByteView b = other.reveal();
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

}  // namespace keel
