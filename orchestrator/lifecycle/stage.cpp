#include "lifecycle/stage.hpp"

namespace keel::lifecycle {

std::string_view name_of(Stage stage) {
    switch (stage) {
        case Stage::resolve: return "resolve";
        case Stage::ike: return "ike";
        case Stage::esp: return "esp";
        case Stage::tunnel: return "tunnel";
        case Stage::call: return "call";
        case Stage::session: return "session";
        case Stage::ppp: return "ppp";
        case Stage::routes: return "routes";
        case Stage::up: return "up";
    }
    return "?";
}

}  // namespace keel::lifecycle
