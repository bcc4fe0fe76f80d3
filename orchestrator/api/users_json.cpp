#include "api/users_json.hpp"

namespace keel::api {
namespace {

using nlohmann::json;

std::int64_t in_ms(Duration duration) {
    return std::chrono::duration_cast<milliseconds>(duration).count();
}

json text_of(const std::optional<IpAddress>& address) {
    return address ? json(address->text()) : json(nullptr);
}

json online_json(const lifecycle::UserStatus& user, Time now) {
    if (!user.session) return nullptr;
    return {{"session", user.session->value},
            {"tunnel", user.tunnel.value},
            {"address", user.address ? user.address->text() : std::string()},
            {"since_ms", in_ms(now - user.since)}};
}

json refusal_json(const lifecycle::UserStatus& user, Time now) {
    if (!user.refusal) return nullptr;
    return {{"ago_ms", in_ms(now - user.refusal->at)},
            {"peer", user.refusal->peer},
            {"stage", lifecycle::name_of(user.refusal->stage)},
            {"message", user.refusal->message}};
}

}  // namespace

json to_json(const std::vector<lifecycle::UserStatus>& users, Time now) {
    json out = json::array();
    for (const lifecycle::UserStatus& user : users) {
        out.push_back({{"name", user.name},
                       {"connection", user.connection},
                       {"address", text_of(user.fixed)},
                       {"online", online_json(user, now)},
                       {"refusal", refusal_json(user, now)}});
    }
    return out;
}

}  // namespace keel::api
