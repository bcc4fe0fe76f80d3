#include "described_log.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace keel {
namespace {

using nlohmann::json;

const json& described() {
    static const json schema = json::parse(std::ifstream(KEEL2TP_ROOT "/schemas/events.schema.json"));
    return schema["definitions"];
}

std::string_view type_of(const Field::Value& value) {
    if (std::holds_alternative<std::string>(value)) return "string";
    if (std::holds_alternative<bool>(value)) return "boolean";
    return std::holds_alternative<double>(value) ? "number" : "integer";
}

}  // namespace

std::string not_as_described(const Record& record) {
    const std::string line = to_text(record);
    const auto entry = described().find(std::string(record.id));
    if (entry == described().end()) return line + ": no such id";
    const json& properties = (*entry)["properties"];
    if (properties["level"]["const"] != name_of(record.level)) return line + ": at another level";
    for (const Field& field : record.fields) {
        const auto known = properties.find(std::string(field.key));
        if (known == properties.end()) return line + ": no field " + std::string(field.key);
        if ((*known)["type"] != type_of(field.value))
            return line + ": another type in " + std::string(field.key);
    }
    for (const std::string name : entry->value("required", json::array())) {
        if (!record.find(name)) return line + ": without " + name;
    }
    return {};
}

void DescribedLog::write(const Record& record) {
    ids.emplace_back(record.id);
    last[std::string(record.id)].assign(record.fields.begin(), record.fields.end());
    const std::string wrong = not_as_described(record);
    if (!wrong.empty()) FAIL_CHECK(wrong);
}

}  // namespace keel

TEST_CASE("a record that events.schema.json does not describe is found out") {
    using namespace keel;
    const std::vector<Field> good{{"connection", "lns/office"},
                                  {"session", 12u},
                                  {"state", "up"},
                                  {"user", "alice"},
                                  {"peer", "x"},
                                  {"interface", "ppp0"},
                                  {"remote", "10.0.0.2"},
                                  {"mtu", 1400}};
    CHECK(not_as_described({LogLevel::notice, "session.up", good}).empty());
    CHECK_FALSE(not_as_described({LogLevel::info, "session.up", good}).empty());
    CHECK_FALSE(not_as_described({LogLevel::notice, "session.upp", good}).empty());
    CHECK_FALSE(not_as_described({LogLevel::notice, "session.up", {good.data(), 3}}).empty());
    auto more = good;
    more.emplace_back("shoe_size", 42);
    CHECK_FALSE(not_as_described({LogLevel::notice, "session.up", more}).empty());
    auto typed = good;
    typed[1].value = "twelve";
    CHECK_FALSE(not_as_described({LogLevel::notice, "session.up", typed}).empty());
}
