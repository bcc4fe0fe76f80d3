#include "doctor/inline_secrets.hpp"

#include <nlohmann/json.hpp>

namespace keel::doctor {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 32;

void look(const json& value, const json::json_pointer& at, int depth, std::vector<std::string>& out) {
    if (depth > kMaxDepth || !value.is_structured()) return;
    for (const auto& [key, member] : value.items()) {
        const bool secret = value.is_object() && (key == "psk" || key == "password" || key == "secret");
        const auto here = value.is_array() ? at / std::stoul(key) : at / key;
        if (secret && member.is_string()) out.push_back(here.to_string());
        // "psk" may map addresses to secrets.
        if (secret && member.is_object() && !member.contains("file") && !member.contains("credential")) {
            for (const auto& [name, entry] : member.items()) {
                if (entry.is_string()) out.push_back((here / name).to_string());
            }
        } else {
            look(member, here, depth + 1, out);
        }
    }
}

}  // namespace

std::vector<std::string> inline_secrets(std::string_view text) {
    std::vector<std::string> out;
    look(json::parse(text, nullptr, false), json::json_pointer(), 0, out);
    return out;
}

}  // namespace keel::doctor
