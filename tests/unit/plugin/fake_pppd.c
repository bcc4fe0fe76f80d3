/* Plays pppd for class Pppd's tests: what it does is named by the "plugin" in its arguments. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pppd-plugin/wire.h"

enum { WIRE = 3 };

static void tell(const struct keel_frame* frame) {
    uint8_t octets[KEEL_WIRE_MAX_FRAME];
    const size_t size = keel_wire_encode(frame, octets, sizeof octets);
    if (send(WIRE, octets, size, MSG_NOSIGNAL) != (ssize_t)size) _exit(40);
}

static void hello(void) {
    struct keel_frame frame = {.type = KEEL_HELLO, .request = 1};
    frame.as.hello.pppd_version = (struct keel_bytes){(const uint8_t*)"fake", 4};
    tell(&frame);
}

static uint8_t received[KEEL_WIRE_MAX_FRAME];

static struct keel_frame hear(int* descriptor) {
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {received, sizeof received};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct keel_frame frame;
    const ssize_t size = recvmsg(WIRE, &message, 0);
    if (size <= 0 || !keel_wire_decode(received, (size_t)size, &frame)) _exit(41);
    const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    *descriptor = -1;
    if (header != NULL) memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    return frame;
}

static void end(uint8_t cause, const char* message) {
    struct keel_frame frame = {.type = KEEL_EXIT};
    frame.as.exit.cause = cause;
    frame.as.exit.message = (struct keel_bytes){(const uint8_t*)message, strlen(message)};
    tell(&frame);
}

/* Says in its last words what it was given, whether the descriptor is the test's pipe, and what it can see.
 */
static void report_work(void) {
    int descriptor;
    char message[200];
    hello();
    const struct keel_frame frame = hear(&descriptor);
    struct stat status;
    const int is_pipe = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
    snprintf(message, sizeof message, "user=%.*s secret=%.*s pipe=%d options=%d fd4=%d",
             (int)frame.as.work.user.size, (const char*)frame.as.work.user.data,
             (int)frame.as.work.secret.size, (const char*)frame.as.work.secret.data, is_pipe,
             access("/etc/ppp/options", F_OK) == 0, descriptor != 4 && fcntl(4, F_GETFD) >= 0);
    end(KEEL_CAUSE_PEER_TERMINATED, message);
}

static void log_in(void) {
    int descriptor;
    struct keel_frame frame = {.type = KEEL_LOGIN, .request = 2};
    hello();
    hear(&descriptor);
    frame.as.login.user = (struct keel_bytes){(const uint8_t*)"alice", 5};
    frame.as.login.password = (struct keel_bytes){(const uint8_t*)"secret", 6};
    tell(&frame);
    frame = hear(&descriptor);
    char message[100];
    snprintf(message, sizeof message, "request=%u accepted=%d %.*s", frame.request, frame.as.verdict.accepted,
             (int)frame.as.verdict.message.size, (const char*)frame.as.verdict.message.data);
    end(KEEL_CAUSE_AUTH_REFUSED_PEER, message);
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) return puts("pppd version 9.9.9") < 0;
    if (argc != 6) return 42;
    const char* mode = strrchr(argv[3], '/') + 1;
    int descriptor;
    if (strcmp(mode, "early") == 0) return puts("first line\nPlugin X is for pppd version 1, this is 2"), 2;
    if (strcmp(mode, "silent") == 0) sleep(60);
    if (strcmp(mode, "work") == 0) report_work();
    if (strcmp(mode, "login") == 0) log_in();
    if (strcmp(mode, "stubborn") == 0) {
        hello();
        hear(&descriptor);
        close(WIRE);
        sleep(60);
    }
    if (strcmp(mode, "garbage") == 0) {
        hello();
        hear(&descriptor);
        if (send(WIRE, "garbage!", 8, 0) == 8) sleep(60);
    }
    if (strcmp(mode, "hasty") == 0) {
        const struct keel_frame frame = {.type = KEEL_IP_DOWN};
        tell(&frame);
        sleep(60);
    }
    return 0;
}
