// A log that holds each record to schemas/events.schema.json: its id, level and fields, with their types.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace keel {

// What is wrong with it; empty: nothing.
[[nodiscard]] std::string not_as_described(const Record& record);

class DescribedLog final : public Log {
public:
    [[nodiscard]] bool wants(LogLevel, std::string_view) const override { return true; }
    void write(const Record& record) override;

    std::vector<std::string> ids;
    std::map<std::string, std::vector<Field>> last;  // record of each id
};

}  // namespace keel
