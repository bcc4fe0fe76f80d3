#include "metrics/collector.hpp"

#include <utility>

namespace keel::metrics {
namespace {

std::string text_in(const Record& record, std::string_view key) {
    const Field::Value* value = record.find(key);
    const auto* text = value ? std::get_if<std::string>(value) : nullptr;
    return text ? *text : std::string();
}

template <class Key>
void count(std::map<Key, std::uint64_t>& series, Key key) {
    if (series.size() < Collector::kMostSeries || series.contains(key)) ++series[std::move(key)];
}

Collector::Failure failure_in(const Record& record) {
    return {text_in(record, "connection"), text_in(record, "stage"), text_in(record, "cause")};
}

}  // namespace

bool Collector::wants(LogLevel level, std::string_view area) const {
    return level <= LogLevel::info || area == "session";
}

void Collector::observe(std::string_view stage, const Record& record, std::string_view field) {
    const Field::Value* value = record.find(field);
    const auto* milliseconds = value ? std::get_if<std::int64_t>(value) : nullptr;
    if (!milliseconds) return;
    auto found = setups_.find(stage);
    if (found == setups_.end()) found = setups_.try_emplace(std::string(stage)).first;
    found->second.observe(static_cast<double>(*milliseconds) / 1000.0);
}

void Collector::write(const Record& record) {
    if (record.level <= LogLevel::notice) ++messages_[std::string(name_of(record.level))];
    const std::string_view id = record.id;
    if (id == "connection.up") {
        // Zero: without IPsec.
        if (const auto* took = record.find("ike_ms"); took && *took != Field::Value(std::int64_t{0}))
            observe("ike", record, "ike_ms");
        observe("l2tp", record, "l2tp_ms");
        count(starts_, text_in(record, "connection"));
    } else if (id == "session.up") {
        count(starts_, text_in(record, "connection"));
    } else if (id == "tunnel.up") {
        observe("l2tp", record, "took_ms");
    } else if (id == "session.negotiated") {
        observe("lcp", record, "lcp_ms");
        observe("authentication", record, "authentication_ms");
        observe("ipcp", record, "ipcp_ms");
    } else if (id == "session.ppp-ended") {
        count(pppd_ends_, text_in(record, "cause"));
    } else if (id == "connection.failed") {
        count(failures_, failure_in(record));
    } else if (id == "connection.lost") {
        count(failures_, failure_in(record));
        count(losses_, text_in(record, "connection"));
    } else if (id == "connection.refused") {
        count(refusals_, failure_in(record));
    } else if (id == "ipsec.charon-lost") {
        ++charon_losses_;
    }
}

}  // namespace keel::metrics
