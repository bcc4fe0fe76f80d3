// What `keel2tp top` shows: what the daemon last said, rates between two of its answers, order and scrolling.
// Pure: answers, keys and the time go in, a screen's text comes out.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.hpp"

namespace keel::cli {

// One session, or a connection that has none.
struct TopRow {
    std::string connection, user, stage, address;
    Colour colour = Colour::none;             // the stage's
    std::optional<double> in_rate, out_rate;  // octets a second
    std::optional<double> echo_loss;          // 0..1: LCP echoes without an answer
    std::optional<double> rekey_at_ms;        // on the clock of `now_ms`
};

class Top {
public:
    // Answers of Show and Ipsec, which came at `now_ms` of a steady clock.
    void overview(nlohmann::json overview, double now_ms);
    void ipsec(const nlohmann::json& ipsec, double now_ms);
    // The daemon did not answer; what it last said stays, and the failure is told until it answers.
    void failed(std::string why) { failure_ = std::move(why); }

    // False: quit. Letters sort, '-' turns the order, '<' and '>' scroll by a page, ',' and '.' by a row.
    [[nodiscard]] bool key(char key);

    // Exactly `rows` lines of at most `terminal.columns`, without a newline after the last.
    [[nodiscard]] std::string screen(const Terminal& terminal, std::size_t rows, double now_ms);
    [[nodiscard]] std::vector<TopRow> rows() const;
    [[nodiscard]] nlohmann::json to_json(double now_ms) const;

private:
    struct Count {
        double in = 0, out = 0;
    };
    struct Rate {
        std::optional<double> in, out;
    };

    void add_sessions(std::vector<TopRow>& out) const;
    void add_idle(std::vector<TopRow>& out) const;
    [[nodiscard]] std::string header(const Terminal& terminal, const std::vector<TopRow>& rows) const;
    [[nodiscard]] std::vector<std::string> errors(std::size_t most) const;

    nlohmann::json overview_ = nlohmann::json::object();
    std::string failure_;
    std::map<std::string, Count> counts_;  // by session
    std::map<std::string, Rate> rates_;
    double counted_at_ms_ = -1;
    std::map<std::uint64_t, double> rekey_by_mark_;
    std::map<std::string, double> rekey_by_connection_;
    char order_ = 'c';
    bool turned_ = false;
    std::size_t first_ = 0, page_ = 1;
};

}  // namespace keel::cli
