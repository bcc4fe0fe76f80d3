// bench_vici [SAS…]: what it costs to follow a charon with many SAs: its list read, a storm of its events,
// and the lifecycle with as many clients. Nothing is asserted about time; the bounds of memory are tested in
// tests/unit.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "bench/figures.hpp"
#include "linux/strongswan_recipe.hpp"
#include "linux/strongswan_sas.hpp"
#include "streams.hpp"
#include "unit/lifecycle/clients.hpp"
#include "vici/commands.hpp"
#include "vici/event_queue.hpp"
#include "vici/session.hpp"

using namespace keel;
using namespace keel::bench;

namespace {

constexpr std::size_t kPiece = 16384;  // as the daemon reads from its socket

// What cannot be beaten: the octets copied once.
double copy_ms(const vici::Bytes& wire) {
    return median_ms([&wire, copy = vici::Bytes(wire.size())]() mutable {
        std::memcpy(copy.data(), wire.data(), wire.size());
        asm volatile("" : : "r"(copy.data()) : "memory");
    });
}

double decode_ms(const vici::Bytes& wire) {
    return median_ms([&wire] {
        bench::each_body(wire, [](vici::ByteView body) {
            if (!vici::decode(body)) std::abort();
        });
    });
}

// As the daemon has it: octets in pieces, messages, values.
struct Listed {
    double ms = 0;
    double peak_kib = 0;
    std::size_t count = 0;
};
Listed list_ms(const vici::Bytes& wire, bool incremental) {
    Listed out;
    const double before = allocated_kib();
    out.ms = median_ms([&] {
        vici::Session session;
        const auto now = vici::Time{};
        vici::Request request = vici::make_list_sas();
        request.incremental = incremental;
        (void)session.request(now, std::move(request), std::chrono::seconds(9));
        (void)session.take_outgoing();
        std::size_t count = 0;
        const auto read = [&count](const vici::Message& message) {
            count += vici::parse_ike_sas(message).size();
        };
        for (vici::ByteView rest = wire; !rest.empty(); rest = rest.subspan(std::min(kPiece, rest.size()))) {
            if (!session.receive(rest.first(std::min(kPiece, rest.size())))) std::abort();
            while (auto output = session.poll_output()) {
                if (auto* item = std::get_if<vici::Streamed>(&*output)) read(item->message);
                if (auto* answer = std::get_if<vici::Answered>(&*output)) {
                    out.peak_kib = std::max(out.peak_kib, allocated_kib() - before);
                    for (const vici::Message& message : answer->reply->streamed) read(message);
                }
            }
        }
        out.count = count;
    });
    return out;
}

void lists(const std::vector<std::uint32_t>& sizes) {
    fmt::print(
        "list-sas; CPU time, medians of {}\n{:>7} {:>11} {:>9} {:>10} {:>9} {:>9} {:>11} {:>11} {:>9} {:>10} "
        "{:>10}\n",
        kRounds, "SAs", "octets", "copy ms", "decode ms", "whole ms", "by item", "us/SA", "item/decode",
        "item/copy", "whole KiB", "item KiB");
    for (const std::uint32_t size : sizes) {
        const vici::Bytes wire = bench::list_sas(size);
        const double copy = copy_ms(wire), decode = decode_ms(wire);
        const Listed whole = list_ms(wire, false), item = list_ms(wire, true);
        if (whole.count != size || item.count != size) std::abort();
        fmt::print(
            "{:>7} {:>11} {:>9.2f} {:>10.2f} {:>9.2f} {:>9.2f} {:>11.2f} {:>11.2f} {:>9.0f} {:>10.0f} "
            "{:>10.0f}\n",
            size, wire.size(), copy, decode, whole.ms, item.ms, 1e3 * item.ms / size, item.ms / decode,
            item.ms / copy, whole.peak_kib, item.peak_kib);
    }
}

// child-updown, up and down in turn, through the session into the table of SAs, or into a queue that nobody
// reads.
void storm(std::uint32_t events) {
    const vici::Bytes wire = bench::updown_storm(events, 1000);
    malloc_trim(0);
    const auto follow = [&wire](auto take) {
        const double memory = allocated_kib(), before = cpu_ms();
        double peak = 0;
        vici::Session session;
        for (vici::ByteView rest = wire; !rest.empty(); rest = rest.subspan(std::min(kPiece, rest.size()))) {
            if (!session.receive(rest.first(std::min(kPiece, rest.size())))) std::abort();
            while (auto output = session.poll_output())
                take(std::get<vici::EventReceived>(std::move(*output)));
            peak = std::max(peak, allocated_kib() - memory);
        }
        return std::pair(cpu_ms() - before, peak);
    };
    keel::SaTable table;
    std::size_t told = 0;
    const auto [table_ms, table_kib] = follow([&](const vici::EventReceived& event) {
        for (const vici::IkeSa& ike : vici::parse_ike_sas(event.message))
            told += (event.message.flag("up") ? table.on_up(ike) : table.on_down(ike, "")).size();
    });
    vici::EventQueue queue;
    const auto [queue_ms, queue_kib] =
        follow([&queue](vici::EventReceived event) { queue.push(std::move(event)); });
    fmt::print("\n{} child-updown of 1,000 clients, {} octets\n", events, wire.size());
    fmt::print("  into the table of SAs: {:.0f} ms, {:.2f} us/event, {} told, at most {:.0f} KiB\n", table_ms,
               1e3 * table_ms / events, told, table_kib);
    fmt::print("  into a queue that nobody reads: {:.0f} ms, at most {:.0f} KiB, {} wait\n", queue_ms,
               queue_kib, queue.size());
}

void clients(std::uint32_t count) {
    const double memory = allocated_kib();
    NullLog log;
    test::Clients all(count, log);
    const double idle = allocated_kib();
    const auto timed = [](auto work) {
        const double before = cpu_ms();
        work();
        return cpu_ms() - before;
    };
    const double up = timed([&all] { all.connect_all(); });
    const double held = allocated_kib();
    const double rekeyed = timed([&all] { all.rekey_all(); });
    std::size_t sessions = 0;
    const double shown = timed([&] { sessions = all.overview().sessions.size(); });
    const double down = timed([&all] { all.die_all(); });
    fmt::print(
        "\n{} clients, charon and kernel simulated ({} sessions up; {:.0f} KiB, {:.0f} of it the clients at "
        "rest)\n",
        count, sessions, held - memory, idle - memory);
    fmt::print("  up {:.1f} ms (both ends), rekeyed {:.1f} ms, overview {:.1f} ms, all dead {:.1f} ms\n", up,
               rekeyed, shown, down);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::uint32_t> sizes;
    for (int i = 1; i < argc; ++i) {
        std::uint32_t size = 0;
        const auto [end, error] = std::from_chars(argv[i], argv[i] + std::strlen(argv[i]), size);
        if (error != std::errc{} || *end != 0 || size == 0 || size > 100'000) {
            fmt::print(stderr, "usage: bench_vici [SAS…], each 1 to 100,000\n");
            return 2;
        }
        sizes.push_back(size);
    }
    if (sizes.empty()) sizes = {100, 1000, 10'000};
    lists(sizes);
    storm(100'000);
    clients(1000);
}
