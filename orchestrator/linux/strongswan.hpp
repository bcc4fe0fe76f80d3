// Strongswan: the Ipsec port over charon's vici socket. What is declared by load() is kept in charon over
// restarts of it and over others' `swanctl --load-all`; what others loaded is never touched. Owner: main. The
// parts: strongswan_link (socket), _recipe (messages), _sas (which CHILD_SAs are up), _reasons (log lines).
#pragma once

#include <asio.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/log.hpp"
#include "ports.hpp"

namespace keel {

class Strongswan final : public Ipsec {
public:
    // `emit` is called from the loop only, never from inside a call. `on_new_generation` is called before
    // anything is loaded when charon runs anew (the first time too): a killed charon leaves its SAs in the
    // kernel, and those that carry our marks must go then, since charon counts marks from 1 again.
    Strongswan(asio::io_context& io, std::string vici_socket_path, Log& log, std::function<void(Event)> emit,
               std::function<void()> on_new_generation = {});
    ~Strongswan() override;
    Strongswan(const Strongswan&) = delete;
    Strongswan& operator=(const Strongswan&) = delete;

    void load(const IpsecConnection& connection) override;
    void unload(const std::string& name) override;
    void unload_all();
    void refuse_new(const std::string& name) override;
    // An SA that is up already is told again as IpsecUp. Fails as soon as charon's words show that the
    // attempt is dead, 11 s into a silence at the latest; the IKE_SA is then ended. terminate_all() ends an
    // attempt unheard.
    void initiate(const std::string& name) override;
    void terminate(const ChildSa& sa) override;
    void terminate_all(const std::string& name) override;

    // Reads the files of certificates and keys again, now; otherwise a few seconds after they have changed.
    // Their SAs stay. What is wrong with new files is told by IpsecLoaded; the old ones stay in use.
    void reload_credentials();

    // For a clean end, after the unloads: `done` is called once charon has answered all and lists no SA of
    // ours, or charon is not there, or `deadline` has passed.
    void drain(Duration deadline, std::function<void()> done);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace keel
