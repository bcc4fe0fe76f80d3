// Collector: counts what happens, from the log's records. What is so at the moment comes from the overview
// (families.hpp). Bounded: labels are the names of configured connections, and words of ours.
#pragma once

#include <map>
#include <string>

#include "base/log.hpp"
#include "metrics/histogram.hpp"

namespace keel::metrics {

class Collector final : public Log {
public:
    static constexpr std::size_t kMostSeries = 20'000;  // of each family, whatever is configured

    struct Failure {
        std::string connection, stage, cause;
        auto operator<=>(const Failure&) const = default;
    };

    [[nodiscard]] bool wants(LogLevel level, std::string_view area) const override;
    void write(const Record& record) override;

    // Set-up times by stage: ike, l2tp, lcp, authentication, ipcp.
    [[nodiscard]] const std::map<std::string, Histogram, std::less<>>& setups() const { return setups_; }
    [[nodiscard]] const std::map<Failure, std::uint64_t>& failures() const { return failures_; }
    [[nodiscard]] const std::map<Failure, std::uint64_t>& refusals() const { return refusals_; }
    // By connection.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& losses() const { return losses_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& starts() const { return starts_; }
    // pppd's ends, by cause.
    [[nodiscard]] const std::map<std::string, std::uint64_t>& pppd_ends() const { return pppd_ends_; }
    [[nodiscard]] std::uint64_t charon_losses() const { return charon_losses_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& messages() const { return messages_; }

private:
    void observe(std::string_view stage, const Record& record, std::string_view field);

    std::map<std::string, Histogram, std::less<>> setups_;
    std::map<Failure, std::uint64_t> failures_, refusals_;
    std::map<std::string, std::uint64_t> losses_, starts_, pppd_ends_, messages_;
    std::uint64_t charon_losses_ = 0;
};

}  // namespace keel::metrics
