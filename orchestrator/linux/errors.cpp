#include "linux/errors.hpp"

#include <cerrno>
#include <cstring>

namespace keel {
namespace {

ErrorCode code_of(int error) {
    switch (error) {
        case EINVAL: return ErrorCode::invalid;
        case ENODEV:
        case ENOENT:
        case ESRCH:
        case ENXIO:
        case ENETUNREACH:
        case EHOSTUNREACH:
        case EADDRNOTAVAIL: return ErrorCode::not_found;
        case EEXIST:
        case EADDRINUSE: return ErrorCode::exists;
        case EAGAIN:
        case EBUSY:
        case EALREADY: return ErrorCode::busy;
        case EPERM:
        case EACCES: return ErrorCode::denied;
        case EPROTONOSUPPORT:
        case EAFNOSUPPORT:
        case EPFNOSUPPORT:
        case EOPNOTSUPP:
        case ENOPROTOOPT: return ErrorCode::unsupported;
        case ETIMEDOUT: return ErrorCode::timeout;
        default: return ErrorCode::io;
    }
}

}  // namespace

Error system_error(int error, const std::string& what, std::string remedy) {
    const ErrorCode code = code_of(error);
    if (remedy.empty() && code == ErrorCode::denied) {
        remedy = "run as root or with CAP_NET_ADMIN in this network namespace";
    }
    return Error{code, what + ": " + std::strerror(error), std::move(remedy)};
}

}  // namespace keel
