#include "api/house.hpp"

namespace keel::api {

Outcome House::show() {
    return method_not_implemented("org.keel2tp.Show");
}
void House::ipsec(Answer answer) {
    answer(method_not_implemented("org.keel2tp.Ipsec"));
}
Outcome House::users(const std::optional<std::string>&) {
    return method_not_implemented("org.keel2tp.Users");
}
void House::metrics(Answer answer) {
    answer(method_not_implemented("org.keel2tp.Metrics"));
}

Outcome House::config() {
    return method_not_implemented("org.keel2tp.GetConfig");
}
Outcome House::plan(const Caller&, const std::string&) {
    return method_not_implemented("org.keel2tp.Plan");
}
void House::apply(const Caller&, ApplyRequest, Answer answer) {
    answer(method_not_implemented("org.keel2tp.Apply"));
}
Outcome House::confirm(const Caller&, bool) {
    return method_not_implemented("org.keel2tp.Confirm");
}
void House::rollback(const Caller&, Answer answer) {
    answer(method_not_implemented("org.keel2tp.Rollback"));
}
Outcome House::save(const Caller&) {
    return method_not_implemented("org.keel2tp.Save");
}

Outcome House::up(const std::string&) {
    return method_not_implemented("org.keel2tp.Up");
}
Outcome House::down(const std::string&) {
    return method_not_implemented("org.keel2tp.Down");
}
Outcome House::restart(const std::string&) {
    return method_not_implemented("org.keel2tp.Restart");
}
Outcome House::drop(const DropRequest&) {
    return method_not_implemented("org.keel2tp.Drop");
}
Outcome House::trace(const std::string&) {
    return method_not_implemented("org.keel2tp.Trace");
}

Outcome House::log_levels() {
    return method_not_implemented("org.keel2tp.GetLog");
}
Outcome House::set_log(const std::optional<std::string>&, std::optional<LogLevel>) {
    return method_not_implemented("org.keel2tp.SetLog");
}

}  // namespace keel::api
