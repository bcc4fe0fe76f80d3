#include "api/methods.hpp"

#include <array>

namespace keel::api {
namespace {

constexpr std::uint64_t kMaxConfirmTimeoutMs = 24ULL * 3600 * 1000;

// The parameters are all taken: a fault is answered, else the House does its work.
void when_right(Parameters& parameters, const Answer& answer, const auto& work) {
    if (auto fault = parameters.fault()) return answer(invalid_parameter(*fault));
    answer(work());
}

void users(House& house, const Caller&, Parameters& parameters, Answer answer) {
    const auto connection = parameters.maybe_text("connection");
    when_right(parameters, answer, [&] { return house.users(connection); });
}

void plan(House& house, const Caller& caller, Parameters& parameters, Answer answer) {
    const auto config = parameters.text("config");
    when_right(parameters, answer, [&] { return house.plan(caller, config); });
}

void apply(House& house, const Caller& caller, Parameters& parameters, Answer answer) {
    ApplyRequest request;
    request.config = parameters.text("config");
    request.if_hash = parameters.maybe_text("if_hash");
    request.save = parameters.maybe_flag("save").value_or(false);
    if (const auto timeout = parameters.maybe_number("confirm_timeout_ms", kMaxConfirmTimeoutMs)) {
        request.confirm_timeout = milliseconds(*timeout);
    }
    if (auto fault = parameters.fault()) return answer(invalid_parameter(*fault));
    house.apply(caller, std::move(request), std::move(answer));
}

void confirm(House& house, const Caller& caller, Parameters& parameters, Answer answer) {
    const bool save = parameters.maybe_flag("save").value_or(false);
    when_right(parameters, answer, [&] { return house.confirm(caller, save); });
}

void rollback(House& house, const Caller& caller, Parameters& parameters, Answer answer) {
    if (auto fault = parameters.fault()) return answer(invalid_parameter(*fault));
    house.rollback(caller, std::move(answer));
}

void later(House& house, Parameters& parameters, Answer answer, void (House::*ask)(Answer)) {
    if (auto fault = parameters.fault()) return answer(invalid_parameter(*fault));
    (house.*ask)(std::move(answer));
}

template <Outcome (House::*kAct)(const std::string&)>
void by_name(House& house, const Caller&, Parameters& parameters, Answer answer) {
    const auto name = parameters.text("name");
    when_right(parameters, answer, [&] { return (house.*kAct)(name); });
}

template <Outcome (House::*kAsk)()>
void without(House& house, const Caller&, Parameters& parameters, Answer answer) {
    when_right(parameters, answer, [&] { return (house.*kAsk)(); });
}

void save(House& house, const Caller& caller, Parameters& parameters, Answer answer) {
    when_right(parameters, answer, [&] { return house.save(caller); });
}

// Everything at once is asked for by name, not by forgetting to say what.
void drop(House& house, const Caller&, Parameters& parameters, Answer answer) {
    DropRequest request;
    if (const auto session = parameters.maybe_number("session", std::numeric_limits<std::uint32_t>::max())) {
        request.session = static_cast<std::uint32_t>(*session);
    }
    request.user = parameters.maybe_text("user");
    request.connection = parameters.maybe_text("connection");
    if (!request.session && !request.user && !request.connection) parameters.reject("session");
    when_right(parameters, answer, [&] { return house.drop(request); });
}

void set_log(House& house, const Caller&, Parameters& parameters, Answer answer) {
    const auto area = parameters.maybe_text("area");
    const auto name = parameters.text("level");
    const auto level = log_level_named(name);
    if (!level && !(area && name == "default")) parameters.reject("level");
    when_right(parameters, answer, [&] { return house.set_log(area, level); });
}

constexpr std::array kMethods = {
    Method{"Show", Access::read, without<&House::show>},
    Method{"Ipsec", Access::read,
           [](House& house, const Caller&, Parameters& parameters, Answer answer) {
               later(house, parameters, std::move(answer), &House::ipsec);
           }},
    Method{"Users", Access::read, users},
    Method{"Metrics", Access::read,
           [](House& house, const Caller&, Parameters& parameters, Answer answer) {
               later(house, parameters, std::move(answer), &House::metrics);
           }},
    Method{"GetConfig", Access::read, without<&House::config>},
    Method{"Plan", Access::admin, plan},
    Method{"Apply", Access::admin, apply},
    Method{"Confirm", Access::admin, confirm},
    Method{"Rollback", Access::admin, rollback},
    Method{"Save", Access::admin, save},
    Method{"Up", Access::admin, by_name<&House::up>},
    Method{"Down", Access::admin, by_name<&House::down>},
    Method{"Restart", Access::admin, by_name<&House::restart>},
    Method{"Drop", Access::admin, drop},
    Method{"Trace", Access::admin, by_name<&House::trace>},
    Method{"GetLog", Access::read, without<&House::log_levels>},
    Method{"SetLog", Access::admin, set_log},
};

}  // namespace

std::span<const Method> methods() {
    return kMethods;
}

}  // namespace keel::api
