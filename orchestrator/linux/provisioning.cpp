#include "linux/provisioning.hpp"

#include <utility>

#include "api/plan_json.hpp"
#include "linux/system.hpp"

namespace keel {
namespace {

using nlohmann::json;

Origin origin_of(const api::Caller& caller) {
    return caller.root() ? Origin::root : Origin::other;
}

}  // namespace

Provisioning::Provisioning(Parts parts, std::string_view document)
    : parts_(std::move(parts)), provisioner_(parts_.orchestrator, parts_.random, parts_.log) {
    told_running_ = parts_.orchestrator.config();
    provisioner_.begin_with(provisioner_.version(told_running_, document));
}

std::string Provisioning::running_document() const {
    const ByteView text = provisioner_.running().text.reveal();
    return {text.begin(), text.end()};
}

// ---- what is there, and what would be

api::Outcome Provisioning::config() const {
    const auto until = provisioner_.confirm_until();
    return json{{"config", json::parse(config::redacted(running_document()))},
                {"hash", provisioner_.running().hash},
                {"saved", provisioner_.is_saved()},
                {"confirm_in_ms", until ? json(std::chrono::duration_cast<milliseconds>(
                                                   std::max<Duration>(*until - monotonic_now(), {}))
                                                   .count())
                                        : json(nullptr)},
                {"previous", provisioner_.previous()}};
}

std::expected<CheckedConfig, api::Failure> Provisioning::checked(const api::Caller& caller,
                                                                 const std::string& text) const {
    auto next = parts_.file.check(text, origin_of(caller), running_document());
    if (!next) return api::invalid_configuration(api::to_json(next.error()));
    // keel2tpd writes it as root, whatever file that is.
    const std::string& textfile = provisioner_.running().config->metrics.textfile;
    if (!caller.root() && next->config->metrics.textfile != textfile) {
        return api::invalid_configuration(api::to_json(std::vector{config::Fault{
            .pointer = "/metrics/textfile", .message = "only root may change which file is written"}}));
    }
    return std::move(*next);
}

api::Outcome Provisioning::plan(const api::Caller& caller, const std::string& text) const {
    const auto next = checked(caller, text);
    if (!next) return std::unexpected(next.error());
    const lifecycle::Plan plan = parts_.orchestrator.plan(*next->config);
    if (plan.obstacle) return api::refused(*plan.obstacle);
    return json{{"plan", api::to_json(plan)}};
}

// ---- changing it

void Provisioning::apply(const api::Caller& caller, const api::ApplyRequest& request, api::Answer answer) {
    if (request.if_hash && *request.if_hash != provisioner_.running().hash) {
        return answer(api::conflict(provisioner_.running().hash));
    }
    auto next = checked(caller, request.config);
    if (!next) return answer(std::unexpected(next.error()));
    lifecycle::Provisioner::Wish wish{.confirm_within = {}, .save = request.save};
    if (request.confirm_timeout) wish.confirm_within = *request.confirm_timeout;
    if (auto begun = begin(std::move(*next), wish); !begun) return answer(api::refused(begun.error()));
    waiting_ = std::move(answer);
    from_the_file_ = false;
    parts_.settle();
}

Status Provisioning::begin(CheckedConfig next, const lifecycle::Provisioner::Wish& wish) {
    if (auto can = parts_.host_can(*next.config); !can) return can;
    for (const Error& doubt : next.doubts) parts_.log.warning("config.doubtful", {{"why", doubt.text()}});
    auto version = provisioner_.version(std::move(next.config), next.document);
    auto begun = provisioner_.apply(monotonic_now(), std::move(version), wish);
    if (!begun) parts_.log.error("config.refused", {{"why", begun.error().text()}});
    return begun;
}

api::Outcome Provisioning::confirm(bool save) {
    const auto confirmed = provisioner_.confirm(monotonic_now());
    if (!confirmed) return api::refused(confirmed.error());
    parts_.settle();
    if (save || *confirmed) {
        if (auto written = write(); !written) return api::refused(written.error());
    }
    return json{{"hash", provisioner_.running().hash}};
}

void Provisioning::rollback(api::Answer answer) {
    if (auto begun = provisioner_.rollback(monotonic_now()); !begun) {
        return answer(api::refused(begun.error()));
    }
    waiting_ = std::move(answer);
    from_the_file_ = false;
    parts_.settle();
}

api::Outcome Provisioning::save() {
    if (provisioner_.confirm_until()) {
        return api::refused({ErrorCode::busy, "what runs is not confirmed yet", "keel2tp confirm --save"});
    }
    if (auto written = write(); !written) return api::refused(written.error());
    return json::object();
}

Status Provisioning::write() {
    if (auto written = parts_.file.save(running_document()); !written) {
        parts_.log.error("config.unsaved", {{"file", parts_.file.path()}, {"why", written.error().text()}});
        return wrap(written.error(), "the configuration runs, but a restart would not bring it back");
    }
    provisioner_.saved();
    parts_.log.notice("config.saved", {{"file", parts_.file.path()}, {"hash", provisioner_.running().hash}});
    return {};
}

void Provisioning::reload() {
    const auto text = parts_.file.text();
    if (!text) return parts_.log.error("config.refused", {{"why", text.error().text()}});
    auto next = parts_.file.check(*text, Origin::root);
    if (!next) {
        for (const config::Fault& fault : next.error()) {
            parts_.log.error("config.fault", {{"file", parts_.file.path()},
                                              {"line", fault.line},
                                              {"column", fault.column},
                                              {"pointer", fault.pointer},
                                              {"why", fault.message}});
        }
        return parts_.log.error("config.refused",
                                {{"why", parts_.file.path() + " has faults; what runs goes on running"}});
    }
    if (!begin(std::move(*next), {})) return;
    from_the_file_ = true;
    parts_.settle();
}

// ---- how it came out

void Provisioning::advance(Time now) {
    provisioner_.advance(now);
    if (provisioner_.running().config != told_running_) {
        told_running_ = provisioner_.running().config;
        parts_.changed(*told_running_);
    }
    auto outcome = provisioner_.take_outcome();
    if (!outcome) return;
    if (*outcome) return answer(std::move(**outcome));
    if (auto waiting = std::exchange(waiting_, nullptr)) waiting(api::refused(outcome->error()));
}

void Provisioning::answer(lifecycle::Applied applied) {
    const auto waiting = std::exchange(waiting_, nullptr);
    if (std::exchange(from_the_file_, false)) provisioner_.saved();
    if (applied.save) {
        if (auto written = write(); !written && waiting) return waiting(api::refused(written.error()));
    }
    if (waiting) waiting(json{{"plan", api::to_json(applied.plan)}, {"hash", applied.hash}});
}

}  // namespace keel
