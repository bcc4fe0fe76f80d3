// top: the terminal around cli/top. Plain ANSI rather than ncurses: one screen that is drawn anew at each
// change needs an alternate screen, a cursor that goes home and lines that are cleared, which every terminal
// of today has, and nothing of terminfo.
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>

#include "base/printable.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "cli/top.hpp"

namespace keel::cli {
namespace {

using nlohmann::json;

constexpr double kIpsecEveryMs = 10000;  // charon is asked for all SAs: not each time
constexpr std::chrono::seconds kTopPatience{3};

double now_ms() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// The terminal as top needs it, and, however this ends, as it was before.
class Screen {
public:
    Screen() {
        ::tcgetattr(STDIN_FILENO, &before_);
        enter();
    }
    ~Screen() { leave(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    void enter() {
        termios raw = before_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // ISIG stays: Ctrl-C and Ctrl-Z are signals
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
        put("\033[?1049h\033[?25l\033[2J");
    }
    void leave() {
        ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
        put("\033[?25h\033[?1049l");
    }
    void draw(Top& top) {
        winsize size{};
        Terminal terminal = Terminal::of(STDOUT_FILENO);
        const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
        const std::string text = top.screen(terminal, known ? size.ws_row : 24, now_ms());
        std::string out = "\033[H";
        for (const char c : text) out += c == '\n' ? std::string("\033[K\r\n") : std::string(1, c);
        put(out + "\033[K\033[J");
    }

private:
    static void put(std::string_view text) {
        while (!text.empty()) {
            const auto wrote = ::write(STDOUT_FILENO, text.data(), text.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(wrote));
        }
    }
    termios before_{};
};

// One call at a time, and never two within a second.
class Poller {
public:
    Poller(const Context& context, double every_ms) : client_(context.client()), every_ms_(every_ms) {}

    [[nodiscard]] double due_ms() const { return next_ms_; }

    [[nodiscard]] Answer<void> poll(Top& top) {
        const double began = now_ms();
        const bool ipsec = have_overview_ && began >= next_ipsec_ms_;
        const auto reply = client_.call(ipsec ? "Ipsec" : "Show", json::object(), kTopPatience);
        const double now = now_ms();
        next_ms_ = now + (ipsec || !asked_ipsec_ ? 1000 : every_ms_);
        if (!reply) return std::unexpected(reply.error());
        if (ipsec) {
            next_ipsec_ms_ = now + kIpsecEveryMs;
            asked_ipsec_ = true;
            top.ipsec(reply->at("ipsec"), now);
        } else {
            have_overview_ = true;
            top.overview(reply->at("overview"), now);
        }
        return {};
    }

private:
    Client client_;
    double every_ms_;
    double next_ms_ = 0, next_ipsec_ms_ = 0;
    bool have_overview_ = false, asked_ipsec_ = false;
};

// Arrow and page keys are escape sequences; others of them are nothing.
char key_of(std::string_view input) {
    if (input == "\033[A" || input == "\033OA") return ',';
    if (input == "\033[B" || input == "\033OB") return '.';
    if (input == "\033[5~") return '<';
    if (input == "\033[6~") return '>';
    return input.size() == 1 ? input[0] : '\0';
}

// False: the end.
bool take_signal(const Signals& signals, Screen& screen) {
    for (int signal = signals.take(); signal != 0; signal = signals.take()) {
        if (signal == SIGTSTP) {
            screen.leave();
            ::raise(SIGSTOP);
            screen.enter();
        } else if (signal != SIGWINCH) {
            return false;
        }
    }
    return true;
}

bool take_keys(Top& top) {
    char input[64];
    const auto got = ::read(STDIN_FILENO, input, sizeof input);
    if (got <= 0) return got < 0 && errno == EINTR;  // the terminal is gone
    const std::string_view text(input, static_cast<std::size_t>(got));
    if (text.starts_with('\033')) return top.key(key_of(text));
    return std::ranges::all_of(text, [&top](char c) { return top.key(c); });
}

int watch(Top& top, Poller& poller) {
    const Signals signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH});
    Screen screen;
    for (;;) {
        screen.draw(top);
        const double wait = std::max(0.0, poller.due_ms() - now_ms());
        pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
        const int ready = ::poll(waits, std::size(waits), static_cast<int>(wait) + 1);
        if (ready > 0 && waits[1].revents != 0 && !take_signal(signals, screen)) return kDone;
        if (ready > 0 && waits[0].revents != 0 && !take_keys(top)) return kDone;
        if (now_ms() < poller.due_ms()) continue;
        if (const auto polled = poller.poll(top); !polled)
            top.failed("asking again: " + printable(polled.error().error.message));
    }
}

// Two answers, for rates, and the SAs' times.
int once(const Context& context, Top& top, Poller& poller) {
    for (int polls = 0; polls < 3; ++polls) {
        while (now_ms() < poller.due_ms())
            ::poll(nullptr, 0, static_cast<int>(poller.due_ms() - now_ms()) + 1);
        if (const auto polled = poller.poll(top); !polled) return report(context, polled.error());
    }
    print_json(top.to_json(now_ms()));
    return kDone;
}

int top(const Context& context, unsigned seconds) {
    Top state;
    Poller poller(context, seconds * 1000.0);
    if (context.json) return once(context, state, poller);
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
        return misused({ErrorCode::unsupported, "top needs a terminal",
                        "for scripts: keel2tp top --json, or keel2tp metrics"});
    if (const auto polled = poller.poll(state); !polled) return report(context, polled.error());
    return watch(state, poller);
}

}  // namespace

void add_top(CLI::App& app, Context& context) {
    auto seconds = std::make_shared<unsigned>(2);
    constexpr unsigned kSeldom = 3600;
    auto* command = add_command(
        app, context, "top",
        "Sessions live: stage, user, address, rates, echo loss, time to rekeying, and the last errors; "
        "with --json once",
        [&context, seconds] { return top(context, *seconds); });
    command->add_option("--interval", *seconds, "Ask the daemon every so many seconds")
        ->type_name("SECONDS")
        ->check(CLI::Range(1U, kSeldom).description(""))
        ->capture_default_str();
    command->footer(
        "Keys: q quits; c u s a i o l k sort by connection, user, stage, address, in, out, loss, rekey; - "
        "turns the order; "
        "arrows and page keys scroll.");
}

}  // namespace keel::cli
