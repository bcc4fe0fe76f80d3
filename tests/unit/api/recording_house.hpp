// A House that writes down what it was asked, and answers with that.
#pragma once

#include <fmt/format.h>

#include "api/house.hpp"

namespace keel::api {

class RecordingHouse final : public House {
public:
    std::vector<std::string> asked;
    Answer pending;  // what apply() was to be answered by

    Outcome show() override { return note("show"); }
    void ipsec(Answer answer) override { answer(note("ipsec")); }
    Outcome users(const std::optional<std::string>& connection) override {
        return note("users " + connection.value_or("-"));
    }
    void metrics(Answer answer) override { answer(note("metrics")); }
    Outcome config() override { return note("config"); }
    Outcome plan(const Caller& caller, const std::string& config) override {
        return note(fmt::format("plan {} by {}", config, caller.uid));
    }
    void apply(const Caller&, ApplyRequest request, Answer answer) override {
        (void)note(fmt::format("apply {} {} {} {}", request.config,
                               request.confirm_timeout ? request.confirm_timeout->count() : -1,
                               request.if_hash.value_or("-"), request.save));
        pending = std::move(answer);
    }
    Outcome confirm(const Caller&, bool save) override { return note(fmt::format("confirm {}", save)); }
    void rollback(const Caller&, Answer answer) override { answer(note("rollback")); }
    Outcome save(const Caller&) override { return note("save"); }
    Outcome up(const std::string& name) override { return note("up " + name); }
    Outcome down(const std::string& name) override { return note("down " + name); }
    Outcome restart(const std::string& name) override { return note("restart " + name); }
    Outcome drop(const DropRequest& request) override {
        return note(fmt::format("drop {} {} {}", request.session ? std::to_string(*request.session) : "-",
                                request.user.value_or("-"), request.connection.value_or("-")));
    }
    Outcome trace(const std::string& name) override { return note("trace " + name); }
    Outcome log_levels() override { return note("log_levels"); }
    Outcome set_log(const std::optional<std::string>& area, std::optional<LogLevel> level) override {
        return note(fmt::format("set_log {} {}", area.value_or("-"), level ? name_of(*level) : "default"));
    }

private:
    Outcome note(std::string what) {
        asked.push_back(what);
        return nlohmann::json{{"asked", std::move(what)}};
    }
};

}  // namespace keel::api
