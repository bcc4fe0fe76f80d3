// What comes and goes, through restarts of the daemon and without missing a death: where events were lost the
// whole state is asked for again. usage: watch [SOCKET [EVENTS]]    ends after so many events; 0: never
#include <cstdio>
#include <cstdlib>

#include "vici/client.hpp"
#include "vici/commands.hpp"

namespace {

void told(const vici::Event& event) {
    if (const auto* child = std::get_if<vici::ChildUpdown>(&event)) {
        for (const vici::IkeSa& ike : child->sas)
            std::printf("%s %s\n", ike.name.c_str(), child->up ? "up" : "down");
    } else if (const auto* rekeyed = std::get_if<vici::ChildRekeyEvent>(&event)) {
        for (const vici::Rekeyed& one : rekeyed->rekeyed) std::printf("%s rekeyed\n", one.ike.name.c_str());
    }
}

void list_anew(vici::Client& client) {
    (void)client.each(vici::make_list_sas(), [](const vici::Message& item) {
        for (const vici::IkeSa& ike : vici::parse_ike_sas(item)) std::printf("%s is up\n", ike.name.c_str());
    });
}

}  // namespace

int main(int argc, char** argv) {
    auto client = vici::Client::connect({.path = argc > 1 ? argv[1] : "/var/run/charon.vici"});
    if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;
    const long wanted = argc > 2 ? std::atol(argv[2]) : 0;
    for (const char* name : {vici::event::child_updown, vici::event::child_rekey}) {
        if (!client->subscribe(name)) return 1;
    }
    list_anew(*client);
    for (long seen = 0; wanted == 0 || seen < wanted;) {
        std::fflush(stdout);
        auto notice = client->next_event(std::chrono::seconds(60));
        if (!notice || !*notice) continue;  // the daemon is away, or nothing happened
        if (const auto* event = std::get_if<vici::EventReceived>(&**notice)) {
            told(vici::parse_event(event->name, event->message));
            ++seen;
        } else {
            list_anew(*client);
        }
    }
}
