#include "linux/pppd.hpp"

#include "linux/pppd_session.hpp"
#include "linux/pppd_wire.hpp"

namespace keel {

Pppd::Pppd(asio::io_context& io, Log& log, PppdPaths paths, std::function<void(Event)> emit,
           bool die_with_controller, PppdTimes times)
    : io_(io),
      log_(log),
      paths_(std::move(paths)),
      emit_(std::move(emit)),
      die_with_controller_(die_with_controller),
      times_(times) {}

Pppd::~Pppd() {
    for (const auto& [id, session] : sessions_) session->abandon();
}

PppdSession* Pppd::find(PppId ppp) const {
    const auto found = sessions_.find(ppp);
    return found == sessions_.end() ? nullptr : found->second.get();
}

Result<PppId> Pppd::start(const PppSpec& spec, UniqueFd pppox) {
    if (auto status = pppd_wire::check(spec); !status) return std::unexpected(status.error());
    if (!pppox) return fail(ErrorCode::internal, spec.name + ": no PPPoX socket was given");
    auto process = spawn_pppd(paths_);
    if (!process) return wrap(process.error(), spec.name);
    const PppId id(++last_id_);
    log_.info("ppp.started", {{"ppp", id.value},
                              {"name", spec.name},
                              {"pid", process->pid},
                              {"role", spec.server ? "server" : "client"},
                              {"state", "starting"}});
    PppdSession::Context context{
        io_, log_, emit_, [this, id] { sessions_.erase(id); }, times_, die_with_controller_};
    auto session =
        std::make_shared<PppdSession>(std::move(context), id, spec, std::move(pppox), std::move(*process));
    session->watch();
    sessions_.emplace(id, std::move(session));
    return id;
}

void Pppd::stop(PppId ppp) {
    if (auto* session = find(ppp)) session->stop();
}

void Pppd::answer_login(PppId ppp, const LoginVerdict& verdict) {
    if (auto* session = find(ppp)) session->answer_login(verdict);
}

void Pppd::answer_address(PppId ppp, std::optional<IpAddress> address) {
    if (auto* session = find(ppp)) session->answer_address(address);
}

}  // namespace keel
