#include "controller.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int send_frame(struct keel_controller* controller, const struct keel_frame* frame) {
    uint8_t bytes[KEEL_WIRE_MAX_FRAME];
    const size_t size = keel_wire_encode(frame, bytes, sizeof bytes);
    ssize_t sent = -1;
    if (size > 0) {
        do sent = send(controller->fd, bytes, size, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
    }
    keel_wire_wipe(bytes, sizeof bytes); /* a login carries a password */
    return sent == (ssize_t)size && size > 0;
}

static long long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes the first descriptor out of the message and closes any other. */
static int take_descriptor(struct msghdr* message) {
    int taken = -1;
    for (struct cmsghdr* c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (taken < 0)
                taken = fd;
            else
                close(fd);
        }
    }
    return taken;
}

static ssize_t receive_frame(struct keel_controller* controller, int flags, int* passed_fd) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct iovec part = {controller->buffer, sizeof controller->buffer};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    const ssize_t size = recvmsg(controller->fd, &message, flags | MSG_CMSG_CLOEXEC);
    if (size < 0) return size;
    const int fd = take_descriptor(&message);
    if (passed_fd != NULL)
        *passed_fd = fd;
    else if (fd >= 0)
        close(fd);
    return message.msg_flags & MSG_TRUNC ? 1 : size; /* one octet is no frame */
}

enum keel_answer keel_controller_ask(struct keel_controller* controller, struct keel_frame* question,
                                     uint8_t type, struct keel_frame* answer, int* passed_fd) {
    const long long deadline = now_ms() + KEEL_ANSWER_SECONDS * 1000LL;
    if (passed_fd != NULL) *passed_fd = -1;
    question->request = ++controller->last_request;
    if (!send_frame(controller, question)) return KEEL_GONE;
    for (;;) {
        const long long left = deadline - now_ms();
        struct pollfd ready = {.fd = controller->fd, .events = POLLIN};
        if (left <= 0) return KEEL_TIMED_OUT;
        /* In short steps: a signal that arrives just before poll() must not wait for the deadline. */
        if (poll(&ready, 1, left < 500 ? (int)left : 500) <= 0) {
            if (controller->interrupted()) return KEEL_INTERRUPTED;
            continue;
        }
        const ssize_t size = receive_frame(controller, 0, passed_fd);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return KEEL_GONE;
        if (!keel_wire_decode(controller->buffer, (size_t)size, answer)) return KEEL_GONE;
        if (answer->type == type && answer->request == question->request) return KEEL_ANSWERED;
        if (passed_fd != NULL && *passed_fd >= 0) close(*passed_fd);
    }
}

void keel_controller_report(struct keel_controller* controller, const struct keel_frame* report) {
    (void)send_frame(controller, report); /* a dead controller is noticed by keel_controller_gone */
}

int keel_controller_gone(struct keel_controller* controller) {
    for (;;) {
        const ssize_t size = receive_frame(controller, MSG_DONTWAIT, NULL);
        if (size > 0) continue;
        if (size < 0 && errno == EINTR) continue;
        return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    }
}

void keel_controller_forget(struct keel_controller* controller) {
    keel_wire_wipe(controller->buffer, sizeof controller->buffer);
}
