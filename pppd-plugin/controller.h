/* controller: the plugin's end of the wire. Questions wait for their answer, since pppd's hooks are
 * synchronous; reports do not. Nothing here knows pppd. */
#ifndef KEEL_CONTROLLER_H
#define KEEL_CONTROLLER_H

#include "wire.h"

/* Longer than a peer's patience for one try (3 s) and shorter than for all of them (30 s). */
enum { KEEL_ANSWER_SECONDS = 15 };

struct keel_controller {
    int fd;
    uint32_t last_request;
    int (*interrupted)(void);            /* asked while waiting: pppd was told to end */
    uint8_t buffer[KEEL_WIRE_MAX_FRAME]; /* the answer; wiped by keel_controller_forget */
};

enum keel_answer { KEEL_ANSWERED, KEEL_TIMED_OUT, KEEL_GONE, KEEL_INTERRUPTED };

/* Sends `question` under a new request id and waits for an answer of `type`. `answer` points into the buffer.
 * `passed_fd`, unless null, receives a descriptor sent along, or -1. */
enum keel_answer keel_controller_ask(struct keel_controller* controller, struct keel_frame* question,
                                     uint8_t type, struct keel_frame* answer, int* passed_fd);

void keel_controller_report(struct keel_controller* controller, const struct keel_frame* report);

/* Whether the other end is closed. Late answers to given-up questions are thrown away here. */
int keel_controller_gone(struct keel_controller* controller);

void keel_controller_forget(struct keel_controller* controller);

#endif
