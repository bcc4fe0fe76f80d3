// ControlConnection: one caller of the control socket: read a call, answer it, read the next; or, once
// Monitor is called, nothing but events until he hangs up. It lives as long as something of it is under way.
#pragma once

#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "api/service.hpp"
#include "linux/control_callers.hpp"

namespace keel {

class ControlConnection : public std::enable_shared_from_this<ControlConnection> {
public:
    ControlConnection(asio::local::stream_protocol::socket socket, const api::Service& service,
                      const api::Caller& caller, std::unique_ptr<ControlCallers::Place> place,
                      std::shared_ptr<ControlCallers> callers);
    ~ControlConnection();

    void start() { next_call(); }

private:
    void next_call();
    void read();
    void on_read(asio::error_code error, std::size_t size);
    void answer(std::string request);
    void send(api::Reply reply);
    void write(std::size_t from);
    void on_written();

    void stream(std::shared_ptr<api::Subscription> events);
    void write_events();

    void wait_for_end();
    void limit_time(std::chrono::milliseconds time);
    void close();
    [[nodiscard]] std::size_t longest_call() const;

    asio::local::stream_protocol::socket socket_;
    asio::steady_timer timer_;
    const api::Service& service_;
    api::Caller caller_;
    std::unique_ptr<ControlCallers::Place> place_;
    std::shared_ptr<ControlCallers> callers_;
    std::shared_ptr<api::Subscription> events_;
    std::string input_, output_;
    std::size_t searched_ = 0;   // of input_: there is no NUL
    std::size_t announced_ = 0;  // of output_: told to callers_
    bool writing_ = false;       // events
    bool hang_up_ = false;
};

}  // namespace keel
