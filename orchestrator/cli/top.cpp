#include "cli/top.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cli/table.hpp"
#include "cli/words.hpp"

namespace keel::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostErrors = 3;
constexpr const char* kKeys =
    "q quit  sort: c connection u user s stage a address i in o out l loss k rekey  - turn  <> page";

struct Order {
    char key;
    const char* name;
    // Numbers: the largest first. What has none comes last, either way.
    std::function<std::optional<double>(const TopRow&)> number;
    std::function<std::string(const TopRow&)> text;
};

const Order& order_of(char key) {
    static const Order kOrders[] = {
        {'c', "connection", {}, [](const TopRow& row) { return row.connection; }},
        {'u', "user", {}, [](const TopRow& row) { return row.user; }},
        {'s', "stage", {}, [](const TopRow& row) { return row.stage; }},
        {'a', "address", {}, [](const TopRow& row) { return row.address; }},
        {'i', "in", [](const TopRow& row) { return row.in_rate; }, {}},
        {'o', "out", [](const TopRow& row) { return row.out_rate; }, {}},
        {'l', "loss", [](const TopRow& row) { return row.echo_loss; }, {}},
        {'k',
         "rekey",
         [](const TopRow& row) -> std::optional<double> {
             return row.rekey_at_ms ? std::optional(-*row.rekey_at_ms) : std::nullopt;
         },
         {}},
    };
    const auto found = std::ranges::find(kOrders, key, &Order::key);
    return found == std::end(kOrders) ? kOrders[0] : *found;
}

void sort(std::vector<TopRow>& rows, char key, bool turned) {
    const Order& order = order_of(key);
    std::ranges::stable_sort(rows, [&](const TopRow& a, const TopRow& b) {
        if (order.text) return turned ? order.text(b) < order.text(a) : order.text(a) < order.text(b);
        const auto left = order.number(a), right = order.number(b);
        if (!left || !right) return left.has_value() && !right.has_value();
        return turned ? *left < *right : *right < *left;
    });
}

// "950", "1.2K", "340M": five columns.
std::string rate_text(const std::optional<double>& octets) {
    if (!octets) return "-";
    double size = *octets;
    std::size_t unit = 0;
    constexpr std::string_view kUnits = " KMGT";
    for (; size >= 1000 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
    if (unit == 0) return fmt::format("{:.0f}", size);
    return fmt::format("{:.{}f}{}", size, size < 10 ? 1 : 0, kUnits[unit]);
}

std::string loss_text(const std::optional<double>& share) {
    return share ? fmt::format("{:.0f}%", *share * 100) : "-";
}

std::string short_time(double ms) {
    if (ms < 0) return "now";
    const auto s = static_cast<long long>(ms / 1000);
    if (s < 100) return fmt::format("{}s", s);
    if (s < 6000) return fmt::format("{}m", s / 60);
    return s < 172800 ? fmt::format("{}h", s / 3600) : fmt::format("{}d", s / 86400);
}

const json& member(const json& object, const char* name) {
    static const json kNone = json::array();
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : kNone;
}

std::string key_of(const json& session) {
    return text_in(session, "tunnel") + "/" + text_in(session, "id");
}

std::optional<double> echo_loss_of(const json& session) {
    const auto echo = session.find("echo");
    if (echo == session.end() || !echo->is_object()) return std::nullopt;
    const double sent = echo->value("sent", 0.0), lost = echo->value("lost", 0.0);
    return sent > 0 ? std::optional(lost / sent) : std::nullopt;
}

std::string idle_stage(const json& connection) {
    if (connection["state"] == "waiting") return "retry " + short_time(connection.value("retry_in_ms", 0.0));
    return connection["state"] == "connecting" ? text_in(connection, "stage") : text_in(connection, "state");
}

}  // namespace

void Top::overview(json overview, double now_ms) {
    std::map<std::string, Count> counts;
    rates_.clear();
    const double seconds = (now_ms - counted_at_ms_) / 1000;
    for (const json& session : member(overview, "sessions")) {
        const auto name = key_of(session);
        const Count now{session.value("rx_bytes", 0.0), session.value("tx_bytes", 0.0)};
        const auto before = counts_.find(name);
        // A counter that fell is a new session's under an old number.
        if (before != counts_.end() && seconds > 0 && now.in >= before->second.in &&
            now.out >= before->second.out)
            rates_[name] = {(now.in - before->second.in) / seconds, (now.out - before->second.out) / seconds};
        counts[name] = now;
    }
    counts_ = std::move(counts);
    counted_at_ms_ = now_ms;
    overview_ = std::move(overview);
    failure_.clear();
}

void Top::ipsec(const json& ipsec, double now_ms) {
    rekey_by_mark_.clear();
    rekey_by_connection_.clear();
    for (const json& peer : member(ipsec, "peers")) {
        for (const json& sa : member(peer, "sas")) {
            if (!sa.contains("rekey_in_ms") || !sa["rekey_in_ms"].is_number()) continue;
            const double at = now_ms + sa["rekey_in_ms"].get<double>();
            rekey_by_connection_.try_emplace(text_in(peer, "connection"), at);
            if (sa.contains("mark") && sa["mark"].is_number_integer())
                rekey_by_mark_.try_emplace(sa["mark"].get<std::uint64_t>(), at);
        }
    }
}

bool Top::key(char key) {
    if (key == 'q' || key == 'Q') return false;
    if (key == '-') turned_ = !turned_;
    if (key == '>') first_ += page_;
    if (key == '<') first_ -= std::min(first_, page_);
    if (key == '.') ++first_;
    if (key == ',') first_ -= std::min<std::size_t>(first_, 1);
    if (std::string_view("cusaiolk").find(key) != std::string_view::npos) {
        turned_ = false;
        order_ = key;
    }
    return true;
}

void Top::add_sessions(std::vector<TopRow>& out) const {
    std::map<std::string, std::uint64_t> marks;
    for (const json& tunnel : member(overview_, "tunnels")) {
        if (tunnel.contains("mark") && tunnel["mark"].is_number_integer())
            marks[text_in(tunnel, "id")] = tunnel["mark"].get<std::uint64_t>();
    }
    for (const json& session : member(overview_, "sessions")) {
        TopRow row;
        row.connection = text_in(session, "connection");
        row.user = text_in(session, "user");
        const bool up = session.value("state", "") == "up";
        row.stage = up ? "up" : text_in(session, "phase");
        row.colour = up ? Colour::good : Colour::busy;
        row.address = text_in(session, "remote");
        if (const auto rate = rates_.find(key_of(session)); rate != rates_.end()) {
            row.in_rate = rate->second.in;
            row.out_rate = rate->second.out;
        }
        row.echo_loss = echo_loss_of(session);
        const auto mark = marks.find(text_in(session, "tunnel"));
        if (mark != marks.end()) {
            if (const auto at = rekey_by_mark_.find(mark->second); at != rekey_by_mark_.end())
                row.rekey_at_ms = at->second;
        } else if (const auto at = rekey_by_connection_.find(row.connection);
                   at != rekey_by_connection_.end() && row.connection.starts_with("lac/")) {
            row.rekey_at_ms = at->second;
        }
        out.push_back(std::move(row));
    }
}

void Top::add_idle(std::vector<TopRow>& out) const {
    const std::size_t sessions = out.size();
    for (const json& connection : member(overview_, "connections")) {
        const auto name = text_in(connection, "name");
        const bool busy = std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(sessions),
                                      [&](const TopRow& row) { return row.connection == name; });
        const auto state = connection.value("state", "");
        if (busy && (state == "up" || state == "listening")) continue;
        const bool server = connection.value("role", "") == "lns";
        out.push_back({.connection = name,
                       .user = "-",
                       .stage = idle_stage(connection),
                       .address = server ? joined(member(connection, "listen")) : text_in(connection, "peer"),
                       .colour = colour_of(state),
                       .in_rate = {},
                       .out_rate = {},
                       .echo_loss = {},
                       .rekey_at_ms = {}});
    }
}

std::vector<TopRow> Top::rows() const {
    std::vector<TopRow> out;
    add_sessions(out);
    add_idle(out);
    sort(out, order_, turned_);
    return out;
}

std::string Top::header(const Terminal& terminal, const std::vector<TopRow>& rows) const {
    double in = 0, out = 0;
    for (const TopRow& row : rows) {
        in += row.in_rate.value_or(0);
        out += row.out_rate.value_or(0);
    }
    const json daemon = overview_.value("daemon", json::object());
    const json charon = overview_.value("charon", json::object());
    const std::string first =
        fmt::format("keel2tp top: {}, keel2tpd {} up {}, strongSwan {}", text_in(overview_, "host_name"),
                    text_in(overview_, "version"), duration_text(daemon.value("uptime_ms", 0.0)),
                    charon.value("state", "") == "ready" ? text_in(charon, "version") : "unavailable");
    const auto& connections = member(overview_, "connections");
    const auto well = std::ranges::count_if(
        connections, [](const json& one) { return colour_of(one["state"]) == Colour::good; });
    const std::string second = fmt::format("{}, {} well, {}, in {}B/s, out {}B/s, sorted by {}",
                                           counted(connections.size(), "connection"), well,
                                           counted(member(overview_, "sessions").size(), "session"),
                                           rate_text(in), rate_text(out), order_of(order_).name);
    return terminal.paint(Colour::strong, cut(first, terminal.columns)) + "\n" +
           (failure_.empty() ? cut(second, terminal.columns)
                             : terminal.paint(Colour::bad, cut(failure_, terminal.columns))) +
           "\n";
}

std::vector<std::string> Top::errors(std::size_t most) const {
    std::vector<std::pair<double, std::string>> found;
    for (const json& connection : member(overview_, "connections")) {
        const auto name = text_in(connection, "name");
        if (const json why = connection.value("why", json()); why.is_object())
            found.emplace_back(why.value("ago_ms", 0.0), name + ": " + why_text(why));
        for (const json& refusal : member(connection, "refusals")) {
            found.emplace_back(refusal.value("ago_ms", 0.0),
                               fmt::format("{} refused {} {}: {}", name, text_in(refusal, "peer"),
                                           text_in(refusal, "user"), text_in(refusal, "message")));
        }
    }
    std::ranges::sort(found);
    std::vector<std::string> out;
    for (const auto& [ago, text] : found) {
        if (out.size() == most) break;
        out.push_back(fmt::format("{:>4} ago  {}", short_time(ago), text));
    }
    return out;
}

std::string Top::screen(const Terminal& terminal, std::size_t rows, double now_ms) {
    const auto all = this->rows();
    const auto last_errors = errors(kMostErrors);
    const std::size_t around = 5 + (last_errors.empty() ? 0 : last_errors.size() + 1);
    page_ = rows > around ? rows - around : 1;
    first_ = std::min(first_, all.empty() ? 0 : all.size() - 1);
    Table table({{"CONNECTION", 1},
                 {"USER", 2},
                 {"STAGE", 3},
                 {"ADDRESS", 4},
                 number("IN/s", 5),
                 number("OUT/s", 6),
                 number("LOSS", 7),
                 number("REKEY", 8)});
    for (std::size_t i = first_; i < std::min(all.size(), first_ + page_); ++i) {
        const TopRow& row = all[i];
        table.add({row.connection,
                   row.user,
                   {row.stage, row.colour},
                   row.address,
                   rate_text(row.in_rate),
                   rate_text(row.out_rate),
                   {loss_text(row.echo_loss), row.echo_loss.value_or(0) > 0 ? Colour::bad : Colour::none},
                   row.rekey_at_ms ? short_time(*row.rekey_at_ms - now_ms) : "-"});
    }
    std::string text = header(terminal, all) + "\n" + table.text(terminal, Table::Lost::silent);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    const std::size_t bottom = last_errors.size() + 1;
    lines.resize(rows > bottom ? rows - bottom : 0);
    for (const auto& error : last_errors)
        lines.push_back(terminal.paint(Colour::bad, cut(error, terminal.columns)));
    lines.push_back(terminal.paint(Colour::dim, cut(kKeys, terminal.columns)));
    while (lines.size() > rows) lines.erase(lines.begin());
    std::string out;
    for (const auto& line : lines) out += (out.empty() && &line == &lines.front() ? "" : "\n") + line;
    return out;
}

json Top::to_json(double now_ms) const {
    const auto number = [](const std::optional<double>& value) { return value ? json(*value) : json(); };
    auto out = json::array();
    for (const TopRow& row : rows()) {
        out.push_back({{"connection", row.connection},
                       {"user", row.user},
                       {"stage", row.stage},
                       {"address", row.address},
                       {"rx_bytes_per_second", number(row.in_rate)},
                       {"tx_bytes_per_second", number(row.out_rate)},
                       {"echo_loss", number(row.echo_loss)},
                       {"rekey_in_ms", row.rekey_at_ms ? json(*row.rekey_at_ms - now_ms) : json()}});
    }
    return out;
}

}  // namespace keel::cli
