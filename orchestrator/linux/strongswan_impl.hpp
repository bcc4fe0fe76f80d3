// The inside of Strongswan. strongswan.cpp holds the port's calls, strongswan_run.cpp the life of the
// connection to charon: connect, greet, clean up, load; strongswan_watch.cpp what is asked of charon again
// and again, strongswan_events.cpp what it tells by itself. Included by those four only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "linux/charon_features.hpp"
#include "linux/credentials.hpp"
#include "linux/strongswan.hpp"
#include "linux/strongswan_link.hpp"
#include "linux/strongswan_reasons.hpp"
#include "linux/strongswan_recipe.hpp"
#include "linux/strongswan_sas.hpp"
#include "vici/events.hpp"

namespace keel {

class Strongswan::Impl : public std::enable_shared_from_this<Strongswan::Impl> {
public:
    Impl(asio::io_context& io, std::string path, Log& log, std::function<void(Event)> emit,
         std::function<void()> on_new_generation);

    void start();
    void stop();

    void load(const IpsecConnection& connection);
    void unload(const std::string& name);
    void unload_all();
    void refuse_new(const std::string& name);
    void initiate(const std::string& name);
    void terminate(const ChildSa& sa);
    void terminate_all(const std::string& name);
    void drain(Duration deadline, std::function<void()> done);
    void reload_credentials();

private:
    enum class State {
        offline,     // no connection; a timer will try again
        connecting,  // to the socket, then greeting: is it charon, and which run of it
        loading,     // requests may be sent; what was declared is on its way
        ready,
    };
    struct Attempt {
        std::optional<Error> reason;  // the last telling line
        bool established = false;     // the IKE_SA is, its CHILD_SA not yet
        bool accepted = false;        // charon has taken the initiate
        bool polling = false;         // one poll at a time: list-sas waits while charon works on the IKE_SA
        int absences = 0;             // polls in a row that found no IKE_SA of the name
    };
    struct Declared {
        IpsecConnection spec;
        std::vector<std::string> names, secrets, authorities;  // in charon
        std::vector<std::string> keys;                         // in charon; the last is in use
        bool loaded = false;
        std::size_t unanswered = 0;
        std::optional<Error> refusal;
        std::uint64_t serial = 0;  // of the load, so that answers to an older one are told apart
        std::optional<Attempt> attempt;
        bool retired = false;                    // refuse_new(): stays as it is
        std::optional<Credentials> credentials;  // of the files, as last found good
        std::string stamp, seen_stamp;           // of the files, when they were read and when last looked at
        std::optional<Error> kept_old;           // why newer files are not in use
        std::optional<Error> warning;            // of this load
        std::set<std::string> warned;
        std::vector<IpAddress> dialled;  // of a server, as it was last loaded
        std::int64_t expiry_told = 0;    // seconds since 1970
    };
    // A run of charon. `since` is reckoned back from its uptime and wavers by a second; 0 pid: not to be
    // told.
    struct Generation {
        pid_t process = 0;
        std::int64_t since = 0;  // seconds, charon's local time

        [[nodiscard]] bool same_run(const Generation& other) const;
    };
    struct Drain {
        std::function<void()> done;
        vici::Time deadline;
    };

    // ---- strongswan_run.cpp: the connection
    void connect();
    void on_connected();
    void greet();
    void on_greeted(const vici::Version& version, const vici::Stats& stats);
    void clean_up();
    void on_snapshot(const std::vector<vici::Message>& streamed);
    void on_loaded();
    void on_link_lost(const Error& why);
    void lose(const Error& why);
    void drop_links();
    void retry_later();
    // ---- strongswan_watch.cpp
    void tick();
    void look_closely();
    void look();
    void reconcile();
    struct Present {
        std::set<std::string> conns, secrets, keys, authorities;
    };
    void reload_missing(const Present& present);
    void poll_attempts();
    void poll_drain();
    // ---- strongswan_credentials.cpp
    [[nodiscard]] std::optional<Error> read_files(Declared& declared);
    void note(Declared& declared, const std::string& what, const Error& why);
    void watch_files();
    void take_new_files(Declared& declared);
    void tell_of_expiry(Declared& declared);
    [[nodiscard]] std::size_t send_credentials(Declared& declared, const ViciLink::Done& answered);
    void note_key(Declared& declared, std::string id);
    void release_key(const std::string& id);
    void clean_up_credentials();
    void forget_certificates();
    void forget_generation();
    // ---- strongswan_events.cpp
    void on_event(const std::string& name, const vici::Message& message);
    void verify(const ChildSa& sa);
    void on_log(const vici::LogLine& line);
    void on_child_updown(const vici::ChildUpdown& event);
    void on_ike_updown(const vici::IkeUpdown& event);
    void on_ike_update(const vici::IkeUpdate& event);

    // ---- strongswan.cpp
    void send_load(Declared& declared);
    [[nodiscard]] std::vector<IpAddress> dialled() const;
    void reload_servers();
    void on_load_answer(const std::string& name, std::uint64_t serial,
                        const vici::Result<vici::Reply>& reply);
    void refuse_load(Declared& declared, const Error& why);
    [[nodiscard]] IpsecConnection within_reach(Declared& declared);
    void send_unload(const Declared& gone);
    void end_ike(const std::string& charon_name);
    void end_ike(std::uint32_t ike_id);
    void end_child_or_ike(std::uint32_t mark, std::uint32_t ike_id);
    void fail_attempt(const std::string& name, const Error& why);
    [[nodiscard]] Declared* find(const std::string& name);
    [[nodiscard]] bool is_declared(const std::string& in_charon);
    void note_listening();

    [[nodiscard]] bool can_send() const { return state_ == State::loading || state_ == State::ready; }
    void request(vici::Request request, ViciLink::Done done = {});
    void tell(Event event);
    void tell(std::vector<Event> events);

    asio::io_context& io_;
    const std::string path_;
    Log& log_;
    const std::function<void(Event)> emit_;
    const std::function<void()> on_new_generation_;

    State state_ = State::offline;
    std::shared_ptr<ViciLink> events_, commands_;
    int links_up_ = 0;
    asio::steady_timer retry_timer_, tick_timer_, look_timer_;
    Duration back_off_{};
    std::optional<Generation> generation_;  // of the charon whose SAs the table holds
    std::string version_;
    CharonFeatures features_;
    bool lost_told_ = true;  // nobody was told that charon is there
    std::string last_loss_;
    bool snapshot_done_ = false;
    bool reconciling_ = false;
    bool looking_ = false;  // somebody reconfigures charon: until then
    vici::Time look_until_;
    bool stopped_ = false;
    std::uint64_t next_serial_ = 1;

    std::map<std::string, Declared> declared_;
    std::set<std::string> foreign_keys_;  // ids of keys that charon had before us
    bool keys_known_ = false;             // foreign_keys_ is of this run of charon
    std::set<std::string> certificates_;  // DER; all that this run of charon got from us
    vici::Time look_at_files_;
    SaTable sas_;
    std::set<IpAddress> listening_;  // where our responders are
    PeerFailures peer_failures_;
    std::map<std::uint32_t, std::string> ends_;  // IKE_SA id -> why it ends
    std::optional<Drain> drain_;
};

}  // namespace keel
