#include "linux/pppd_session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/printable.hpp"
#include "pppd-plugin/wire.h"

namespace keel {
namespace {

constexpr std::size_t kKeptLines = 4;
constexpr std::size_t kLineLength = 300;
constexpr int kFramesPerTurn = 16;  // so that one pppd cannot keep the loop to itself

bool send_with_descriptor(int socket, ByteView frame, int descriptor) {
    iovec part{const_cast<std::uint8_t*>(frame.data()), frame.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(frame.size());
}

// A pppd that is stopped calls what it was about a failure; what the peer had said before is true all the
// same.
bool holds_when_stopped(PppExited::Cause cause) {
    return cause == PppExited::Cause::stopped || cause == PppExited::Cause::peer_terminated ||
           cause == PppExited::Cause::auth_failed;
}

}  // namespace

PppdSession::PppdSession(Context context, PppId id, PppSpec spec, UniqueFd pppox, SpawnedPppd process)
    : context_(std::move(context)),
      id_(id),
      spec_(std::move(spec)),
      pppox_(std::move(pppox)),
      pid_(process.pid),
      process_(context_.io, process.pidfd.release()),
      wire_(context_.io, process.wire.release()),
      output_(context_.io, process.output.release()),
      timer_(context_.io) {}

void PppdSession::watch() {
    watch_process();
    watch_wire();
    watch_output();
    start_timer(context_.times.hello, "pppd did not ask for its work in time");
}

void PppdSession::start_timer(Duration after, std::string why) {
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this(), why = std::move(why)](const asio::error_code& error) {
        if (error || self->state_ == State::reaped) return;
        if (!self->stop_requested_) self->forced_ = End{PppExited::Cause::error, why};
        self->signal(SIGKILL);
    });
}

void PppdSession::stop() {
    if (stop_requested_ || state_ == State::reaped) return;
    stop_requested_ = true;
    signal(SIGTERM);
    start_timer(context_.times.stop_grace, {});
}

void PppdSession::abandon() {
    state_ = State::reaped;
    signal(SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
    asio::error_code ignored;
    process_.close(ignored);
    wire_.close(ignored);
    output_.close(ignored);
    timer_.cancel();
}

// By pidfd: the pid itself might be somebody else's by now.
void PppdSession::signal(int number) {
    if (process_.is_open())
        (void)::syscall(SYS_pidfd_send_signal, process_.native_handle(), number, nullptr, 0);
}

void PppdSession::refuse(const std::string& why) {
    if (!forced_) {
        context_.log.error(
            "ppp.refused",
            {{"ppp", id_.value}, {"name", spec_.name}, {"pid", pid_}, {"state", "refused"}, {"reason", why}});
        forced_ = End{PppExited::Cause::error, why};
    }
    signal(SIGKILL);
}

// ---- reading

void PppdSession::watch_wire() {
    wire_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](const asio::error_code& error) {
                         if (!error && self->state_ != State::reaped) self->read_wire();
                     });
}

void PppdSession::read_wire() {
    std::array<std::uint8_t, KEEL_WIRE_MAX_FRAME + 1> buffer;
    for (int count = 0; count < kFramesPerTurn; ++count) {
        // Without a control buffer the kernel drops any descriptor that pppd might send along.
        const ssize_t size = ::recv(wire_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
        if (size <= 0) {
            // Its end is closed: it is about to die, and if not it is ours no more.
            if (state_ != State::reaped && !stop_requested_)
                start_timer(context_.times.stop_grace, "pppd closed its connection to the controller");
            return;
        }
        on_datagram(ByteView(buffer).first(static_cast<std::size_t>(size)));
        wipe(buffer.data(), static_cast<std::size_t>(size));  // a login carries a password
        if (forced_) return;
    }
    if (state_ != State::reaped) watch_wire();
}

void PppdSession::watch_output() {
    output_.async_wait(asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](const asio::error_code& error) {
                           if (!error && self->state_ != State::reaped) self->read_output();
                       });
}

void PppdSession::read_output() {
    std::array<char, 4096> buffer;
    const ssize_t size = ::read(output_.native_handle(), buffer.data(), buffer.size());
    if (size > 0) keep_output({buffer.data(), static_cast<std::size_t>(size)});
    const bool more = size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
    if (more && state_ != State::reaped) watch_output();
}

void PppdSession::keep_output(std::string_view text) {
    for (const char c : text) {
        if (c != '\n') {
            if (partial_line_.size() < kLineLength) partial_line_ += c;
            continue;
        }
        if (!partial_line_.empty()) {
            context_.log.debug("ppp.says", {{"ppp", id_.value}, {"pid", pid_}, {"pppd", partial_line_}});
            lines_.push_back(printable(partial_line_));
        }
        partial_line_.clear();
        if (lines_.size() > kKeptLines) lines_.pop_front();
    }
}

std::string PppdSession::last_words() const {
    std::string words;
    for (const auto& line : lines_) words += (words.empty() ? "" : "; ") + line;
    return words;
}

// ---- frames

void PppdSession::on_datagram(ByteView datagram) {
    auto frame = pppd_wire::decode(datagram);
    if (!frame) return refuse("pppd sent a frame that is none");
    const bool hello = std::holds_alternative<pppd_wire::Hello>(*frame);
    const bool exit = std::holds_alternative<pppd_wire::Exit>(*frame);
    if (!exit && state_ != State::reaped && hello != (state_ == State::awaiting_hello))
        return refuse("pppd sent a frame out of turn");
    if (state_ == State::reaped && !exit) return;
    std::visit([this](auto& value) { on(value); }, *frame);
}

void PppdSession::on(const pppd_wire::Hello& hello) {
    context_.log.debug(
        "ppp.hello",
        {{"ppp", id_.value}, {"pid", pid_}, {"pppd_version", hello.version}, {"state", "hello"}});
    state_ = State::working;
    Bytes work = pppd_wire::encode_work(hello.request, spec_, context_.die_with_controller);
    const bool sent = !work.empty() && send_with_descriptor(wire_.native_handle(), work, pppox_.value());
    wipe(work.data(), work.size());
    spec_.password = Secret();
    pppox_.reset();
    if (!sent) return refuse("pppd did not take its work");
    if (!stop_requested_) timer_.cancel();
}

void PppdSession::on(pppd_wire::Login& login) {
    if (!spec_.server || spec_.auth.empty() || pending_login_)
        return refuse("pppd asked for a login that is not wanted");
    if (std::ranges::find(spec_.auth, login.login.method) == spec_.auth.end())
        return refuse("pppd asked for a login with a method that was not offered");
    pending_login_ = login.request;
    context_.emit(PppLoginRequested{id_, std::move(login.login)});
}

void PppdSession::on(const pppd_wire::AddressRequest& request) {
    if (!spec_.server || !spec_.auth.empty() || pending_address_)
        return refuse("pppd asked for an address that is not wanted");
    pending_address_ = request.request;
    context_.emit(PppAddressRequested{id_});
}

void PppdSession::on(const pppd_wire::Phase& phase) {
    context_.log.info("ppp.phase",
                      {{"ppp", id_.value}, {"name", spec_.name}, {"phase", name_of(phase.phase)}});
    context_.emit(PppPhaseChanged{id_, phase.phase});
}

void PppdSession::on(const pppd_wire::IpUp& up) {
    PppUp event = up.up;
    event.ppp = id_;
    context_.log.info("ppp.ip-up", {{"ppp", id_.value},
                                    {"name", spec_.name},
                                    {"state", "up"},
                                    {"interface", event.interface},
                                    {"local", event.local.text()},
                                    {"remote", event.remote.text()},
                                    {"mtu", event.mtu}});
    context_.emit(std::move(event));
}

void PppdSession::on(const pppd_wire::IpDown&) {
    context_.log.info("ppp.ip-down", {{"ppp", id_.value}, {"name", spec_.name}, {"state", "ip-down"}});
}

void PppdSession::on(const pppd_wire::Exit& exit) {
    if (!told_) told_ = End{exit.cause, exit.message, exit.protocol};
}

// ---- answers

void PppdSession::send(const Bytes& frame) {
    // A pppd that is gone says so by its pidfd; one that does not read asked more than it may.
    if (wire_.is_open()) (void)send_with_descriptor(wire_.native_handle(), frame, -1);
}

void PppdSession::answer_login(const LoginVerdict& verdict) {
    if (!pending_login_) return;
    send(pppd_wire::encode_verdict(*pending_login_, verdict));
    pending_login_.reset();
}

void PppdSession::answer_address(const std::optional<IpAddress>& address) {
    if (!pending_address_) return;
    send(pppd_wire::encode_address(*pending_address_, address));
    pending_address_.reset();
}

// ---- the end

void PppdSession::watch_process() {
    process_.async_wait(asio::posix::descriptor_base::wait_read,
                        [self = shared_from_this()](const asio::error_code& error) {
                            if (!error && self->state_ != State::reaped) self->reap();
                        });
}

void PppdSession::reap() {
    int wait_status = 0;
    const pid_t reaped = ::waitpid(pid_, &wait_status, WNOHANG);
    // With SIGCHLD ignored nothing is left to reap (ECHILD); pidfd says all the same that it is gone.
    if (reaped == 0 || (reaped < 0 && errno == EINTR)) return watch_process();
    state_ = State::reaped;
    if (!forced_) read_wire();  // its exit frame may still be queued
    read_output();
    if (!partial_line_.empty()) keep_output("\n");
    const End why = end(wait_status);
    context_.log.info("ppp.ended", {{"ppp", id_.value},
                                    {"name", spec_.name},
                                    {"pid", pid_},
                                    {"state", "ended"},
                                    {"reason", why.message}});
    pppox_.reset();
    asio::error_code ignored;
    process_.close(ignored);
    wire_.close(ignored);
    output_.close(ignored);
    timer_.cancel();
    const auto self = shared_from_this();  // ended() drops the owner's reference
    const auto emit = context_.emit;
    context_.ended();
    emit(PppExited{id_, why.cause, why.message, why.protocol});
}

PppdSession::End PppdSession::end(int wait_status) const {
    if (forced_) return *forced_;
    if (stop_requested_ && !(told_ && holds_when_stopped(told_->cause)))
        return {PppExited::Cause::stopped, "told to stop"};
    if (told_) return *told_;
    std::string how = WIFSIGNALED(wait_status)
                          ? fmt::format("pppd was killed by signal {}", WTERMSIG(wait_status))
                          : fmt::format("pppd ended with status {}", WEXITSTATUS(wait_status));
    if (pppox_) how += " before it asked for its work";
    const std::string words = last_words();
    return {PppExited::Cause::error, words.empty() ? how : how + ": " + words};
}

}  // namespace keel
