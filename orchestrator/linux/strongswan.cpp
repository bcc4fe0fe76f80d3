#include "linux/strongswan.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "linux/strongswan_impl.hpp"

namespace keel {
namespace {

constexpr std::chrono::seconds kAnswerDeadline{15};

Error refused(const std::string& what, const vici::Error& why) {
    const bool gone = why.code == vici::ErrorCode::closed || why.code == vici::ErrorCode::timeout;
    return {
        gone ? ErrorCode::unavailable : ErrorCode::invalid, "charon refused " + what + ": " + why.message,
        gone ? "look at charon's log" : "check the proposals, identities and addresses of the connection"};
}

}  // namespace

Strongswan::Strongswan(asio::io_context& io, std::string vici_socket_path, Log& log,
                       std::function<void(Event)> emit, std::function<void()> on_new_generation)
    : impl_(std::make_shared<Impl>(io, std::move(vici_socket_path), log, std::move(emit),
                                   std::move(on_new_generation))) {
    impl_->start();
}
Strongswan::~Strongswan() {
    impl_->stop();
}
void Strongswan::load(const IpsecConnection& connection) {
    impl_->load(connection);
}
void Strongswan::unload(const std::string& name) {
    impl_->unload(name);
}
void Strongswan::unload_all() {
    impl_->unload_all();
}
void Strongswan::refuse_new(const std::string& name) {
    impl_->refuse_new(name);
}
void Strongswan::initiate(const std::string& name) {
    impl_->initiate(name);
}
void Strongswan::terminate(const ChildSa& sa) {
    impl_->terminate(sa);
}
void Strongswan::terminate_all(const std::string& name) {
    impl_->terminate_all(name);
}
void Strongswan::drain(Duration deadline, std::function<void()> done) {
    impl_->drain(deadline, std::move(done));
}

void Strongswan::reload_credentials() {
    impl_->reload_credentials();
}

void Strongswan::Impl::load(const IpsecConnection& connection) {
    Declared& declared = declared_[connection.name];
    if (declared.spec.auth.index() != connection.auth.index()) declared.credentials.reset();
    declared.spec = connection;
    declared.retired = false;
    note_listening();
    if (const auto obstacle = read_files(declared)) return refuse_load(declared, *obstacle);
    if (can_send()) send_load(declared);
    if (can_send()) reload_servers();
}

std::vector<IpAddress> Strongswan::Impl::dialled() const {
    std::vector<IpAddress> out;
    for (const auto& [name, declared] : declared_) {
        const auto& remote = declared.spec.remote;
        if (remote && std::ranges::count(out, *remote) == 0) out.push_back(*remote);
    }
    return out;
}

// Those that do not know yet of a peer that we dial.
void Strongswan::Impl::reload_servers() {
    const std::vector<IpAddress> now = dialled();
    for (auto& [name, declared] : declared_) {
        const bool server = declared.spec.role == IpsecConnection::Role::responder;
        if (server && !declared.retired && !declared.refusal && declared.dialled != now) send_load(declared);
    }
}

void Strongswan::Impl::refuse_load(Declared& declared, const Error& why) {
    declared.loaded = false;
    declared.refusal = why;
    declared.attempt.reset();
    tell(IpsecFailed{declared.spec.name, why});
}

// Without the proposals that this charon cannot do; what else it lacks is said.
IpsecConnection Strongswan::Impl::within_reach(Declared& declared) {
    IpsecConnection spec = declared.spec;
    if (spec.role == IpsecConnection::Role::responder) spec.also_dialled = declared.dialled = dialled();
    declared.warning = declared.kept_old;
    for (const CharonLack& lack : find_lacks(features_, {&declared.spec, 1})) {
        if (lack.fatal && !declared.refusal) declared.refusal = lack.why;
        if (lack.fatal) continue;
        if (!declared.warning) declared.warning = lack.why;
        note(declared, "strongswan=incomplete", lack.why);
    }
    spec.ike_proposals = supported_proposals(features_, spec.ike_proposals, true);
    spec.esp_proposals = supported_proposals(features_, spec.esp_proposals, false);
    return spec;
}

void Strongswan::Impl::send_load(Declared& declared) {
    if (!std::holds_alternative<PskAuth>(declared.spec.auth) && !declared.credentials) return;
    const std::string name = declared.spec.name;
    const std::uint64_t serial = declared.serial = next_serial_++;
    declared.loaded = false;
    declared.refusal.reset();
    const IpsecConnection spec = within_reach(declared);
    if (declared.refusal) return refuse_load(declared, Error(*declared.refusal));
    const auto answered = [this, name, serial](const vici::Result<vici::Reply>& reply) {
        on_load_answer(name, serial, reply);
    };
    const std::vector<std::string> names = std::exchange(declared.names, {});
    const std::vector<std::string> secrets = std::exchange(declared.secrets, {});
    declared.unanswered = send_credentials(declared, answered);
    for (const CharonSecret& secret : make_secrets(spec)) {
        request(vici::make_load_shared(
                    {.id = secret.id, .type = "IKE", .data = secret.data.reveal(), .owners = secret.owners}),
                answered);
        declared.secrets.push_back(secret.id);
        ++declared.unanswered;
    }
    const Credentials none;
    for (CharonConnection& made :
         make_connections(spec, declared.credentials ? *declared.credentials : none)) {
        request(vici::make_load_conn(made.name, std::move(made.settings)), answered);
        declared.names.push_back(std::move(made.name));
        ++declared.unanswered;
    }
    // What the connection was made of before, and is no more.
    for (const std::string& before : names) {
        if (std::ranges::count(declared.names, before) == 0) request(vici::make_unload_conn(before));
    }
    for (const std::string& before : secrets) {
        if (std::ranges::count(declared.secrets, before) == 0) request(vici::make_unload_shared(before));
    }
}

void Strongswan::Impl::on_load_answer(const std::string& name, std::uint64_t serial,
                                      const vici::Result<vici::Reply>& reply) {
    Declared* declared = find(name);
    if (!declared || declared->serial != serial) return;
    --declared->unanswered;
    vici::Status done;
    if (!reply) {
        done = std::unexpected(reply.error());
    } else {
        done = vici::outcome(reply->message);
    }
    // A link that breaks is no refusal: all is loaded again once it is back.
    const bool broken = !done && (done.error().code == vici::ErrorCode::closed ||
                                  done.error().code == vici::ErrorCode::timeout);
    if (!done && !broken && !declared->refusal)
        declared->refusal = refused("connection " + name, done.error());
    if (declared->unanswered > 0 || broken) return;
    if (!declared->refusal) {
        declared->loaded = true;
        log_.debug("ipsec.loaded", {{"connection", name}});
        return tell(IpsecLoaded{name, declared->warning});
    }
    declared->attempt.reset();
    tell(IpsecFailed{name, *declared->refusal});
}

void Strongswan::Impl::unload(const std::string& name) {
    auto gone = declared_.extract(name);
    if (!gone) return;
    note_listening();
    // Otherwise the next greeting finds and removes it.
    if (can_send()) send_unload(gone.mapped());
}

void Strongswan::Impl::unload_all() {
    while (!declared_.empty()) unload(std::string(declared_.begin()->first));
}

void Strongswan::Impl::refuse_new(const std::string& name) {
    Declared* declared = find(name);
    if (!declared) return;
    // Neither an answer that is on its way nor the watch shall bring it back.
    declared->serial = next_serial_++;
    declared->loaded = false;
    declared->retired = true;
    if (!can_send()) return;
    for (const std::string& in_charon : declared->names) request(vici::make_unload_conn(in_charon));
}

void Strongswan::Impl::send_unload(const Declared& gone) {
    // First the configuration, so that no peer comes back in between.
    for (const std::string& name : gone.names) request(vici::make_unload_conn(name));
    for (const std::string& secret : gone.secrets) request(vici::make_unload_shared(secret));
    for (const std::string& authority : gone.authorities) request(vici::make_unload_authority(authority));
    for (const std::string& name : gone.names) end_ike(name);
    for (const std::string& key : gone.keys) release_key(key);
}

void Strongswan::Impl::initiate(const std::string& name) {
    Declared* declared = find(name);
    if (!declared || !can_send()) {
        tell(IpsecFailed{name,
                         declared ? Error{ErrorCode::unavailable, "strongSwan is not there", last_loss_}
                                  : Error{ErrorCode::not_found, "no connection " + name + " is loaded", {}}});
        return;
    }
    if (declared->refusal) return tell(IpsecFailed{name, *declared->refusal});
    if (const ChildSa* sa = sas_.find_of(name)) return tell(IpsecUp{*sa});
    declared->attempt = Attempt{};
    const std::string& in_charon = declared->names.front();
    request(vici::make_initiate(in_charon, in_charon), [this, name](const vici::Result<vici::Reply>& reply) {
        Declared* tried = find(name);
        if (!tried || !tried->attempt || !reply) return;
        if (const vici::Status done = vici::outcome(reply->message); !done) {
            return fail_attempt(name, refused("to initiate " + name, done.error()));
        }
        tried->attempt->accepted = true;
    });
}

void Strongswan::Impl::fail_attempt(const std::string& name, const Error& why) {
    Declared* declared = find(name);
    if (!declared || !declared->attempt) return;
    declared->attempt.reset();
    log_.warning("ipsec.failed", {{"connection", name}, {"why", why.text()}});
    if (can_send()) {
        for (const std::string& in_charon : declared->names) end_ike(in_charon);
    }
    tell(IpsecFailed{name, why});
}

void Strongswan::Impl::terminate(const ChildSa& sa) {
    const ChildSa* known = sas_.find(sa.mark);
    if (!known || known->connection != sa.connection || !can_send()) return;
    const std::uint32_t child_id = known->child_id;
    // IKEv1 moves children to a new IKE_SA in silence: ask whose child it is now, and which others that one
    // has.
    request(vici::make_list_sas({.child_id = child_id, .noblock = false}),
            [this, sa, child_id](const vici::Result<vici::Reply>& reply) {
                if (!reply) return;
                for (const vici::Message& message : reply->streamed) {
                    for (const vici::IkeSa& ike : vici::parse_ike_sas(message)) {
                        end_child_or_ike(sa.mark, ike.uniqueid);
                    }
                }
                // Rekeyed since: its successor is in the table by now or will be reported as changed.
                const ChildSa* now = sas_.find(sa.mark);
                if (reply->streamed.empty() && now && now->child_id != child_id) terminate(*now);
            });
}

void Strongswan::Impl::end_child_or_ike(std::uint32_t mark, std::uint32_t ike_id) {
    request(vici::make_list_sas({.ike_id = ike_id, .noblock = false}),
            [this, mark, ike_id](const vici::Result<vici::Reply>& reply) {
                if (!reply) return;
                std::vector<std::uint32_t> children;
                bool others = false;
                for (const vici::Message& message : reply->streamed) {
                    for (const vici::IkeSa& ike : vici::parse_ike_sas(message)) {
                        for (const vici::ChildSa& child : ike.children) {
                            if (child.mark_in == mark) {
                                children.push_back(child.uniqueid);
                            } else {
                                others = others || child.state == "INSTALLED";
                            }
                        }
                    }
                }
                if (!others) return end_ike(ike_id);
                for (const std::uint32_t child : children) request(vici::make_terminate({.child_id = child}));
            });
}

void Strongswan::Impl::terminate_all(const std::string& name) {
    Declared* declared = find(name);
    if (!declared) return;
    declared->attempt.reset();
    if (!can_send()) return;
    for (const std::string& in_charon : declared->names) end_ike(in_charon);
}

// With force: the delete is sent, its answer not waited for, and a half-open IKE_SA ends at once.
void Strongswan::Impl::end_ike(const std::string& charon_name) {
    request(vici::make_terminate({.ike = charon_name, .force = true}));
}
void Strongswan::Impl::end_ike(std::uint32_t ike_id) {
    request(vici::make_terminate({.ike_id = ike_id, .force = true}));
}

void Strongswan::Impl::drain(Duration deadline, std::function<void()> done) {
    forget_certificates();
    drain_ = Drain{std::move(done), std::chrono::steady_clock::now() + deadline};
    asio::post(io_, [self = shared_from_this()] { self->poll_drain(); });
}

Strongswan::Impl::Declared* Strongswan::Impl::find(const std::string& name) {
    const auto it = declared_.find(name);
    return it == declared_.end() ? nullptr : &it->second;
}

bool Strongswan::Impl::is_declared(const std::string& in_charon) {
    const auto ours = our_name(in_charon);
    const Declared* declared = ours ? find(*ours) : nullptr;
    return declared && std::ranges::count(declared->names, in_charon) > 0;
}

void Strongswan::Impl::note_listening() {
    listening_.clear();
    for (const auto& [name, declared] : declared_) {
        if (declared.spec.role != IpsecConnection::Role::responder) continue;
        listening_.insert(declared.spec.local.begin(), declared.spec.local.end());
    }
}

void Strongswan::Impl::request(vici::Request request, ViciLink::Done done) {
    if (commands_) commands_->request(std::move(request), kAnswerDeadline, std::move(done));
}

void Strongswan::Impl::tell(Event event) {
    asio::post(io_, [self = shared_from_this(), event = std::move(event)]() mutable {
        if (!self->stopped_) self->emit_(std::move(event));
    });
}

void Strongswan::Impl::tell(std::vector<Event> events) {
    for (Event& event : events) tell(std::move(event));
}

}  // namespace keel
