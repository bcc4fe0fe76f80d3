// PPP frames from the peer as the plugin overhears them inside pppd; what it kept stays within its bounds.
#include <array>
#include <cstring>

#include "input.hpp"

extern "C" {
#include "pppd-plugin/snoop.h"
}

using keel::fuzz::Input;
using keel::fuzz::require;

namespace {

bool terminated(const char (&text)[KEEL_MAX_MESSAGE + 1]) {
    return std::memchr(text, 0, sizeof text) != nullptr;
}

bool inside(const keel_snoop& snoop, const keel_bytes& bytes) {
    return bytes.data >= snoop.login && bytes.data + bytes.size <= snoop.login + snoop.login_size;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    keel_snoop snoop{};
    while (!input.empty()) {
        const std::uint8_t op = input.u8();
        const keel::Bytes frame = input.take((op & 2) != 0 ? input.u16() : input.u8());
        if ((op & 4) != 0) static_cast<void>(keel_snoop_sent(&snoop, frame.data(), frame.size()));
        static_cast<void>(keel_snoop_frame(&snoop, frame.data(), frame.size(), op & 1));
        require(snoop.echoes_received <= snoop.echoes_sent, "no echo is answered that was not sent");
        require(snoop.login_size <= sizeof snoop.login, "a kept login fits its buffer");
        require(terminated(snoop.refusal) && terminated(snoop.termination), "a kept text is a string");
        keel_bytes user{}, password{};
        if (keel_snoop_pap(&snoop, &user, &password) == 1)
            require(inside(snoop, user) && inside(snoop, password), "a PAP login points into what was kept");
        if (keel_snoop_chap(&snoop, op >> 2, &user) == 1)
            require(inside(snoop, user) && user.size <= KEEL_MAX_NAME, "so does a CHAP name");
        std::array<char, KEEL_MAX_MESSAGE + 1> words;
        keel_snoop_explain(snoop.refusal, words.data(), words.size());
        require(std::memchr(words.data(), 0, words.size()) != nullptr, "an explanation is a string");
        if ((op & 0x80) != 0) keel_snoop_forget_login(&snoop);
    }
    return 0;
}
