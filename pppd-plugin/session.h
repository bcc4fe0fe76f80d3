/* session: what the plugin knows of the one PPP session of this process. pppd's hooks carry no context, so
 * there is one, in keel2tp.c. */
#ifndef KEEL_SESSION_H
#define KEEL_SESSION_H

#include "controller.h"
#include "snoop.h"

struct keel_session {
    struct keel_controller controller;
    struct keel_snoop snoop;
    int pppox;

    /* From the work frame. */
    int server;
    int login_required;
    char user[KEEL_MAX_NAME + 1];
    char secret[KEEL_MAX_SECRET + 1]; /* kept as long as the peer may challenge again; wiped at exit */
    uint16_t mtu;
    int has_secret;

    /* What happened. */
    uint32_t peer_address; /* network byte order; 0 until somebody said */
    uint8_t phase;         /* last reported */
    int reached_network;
    int reached_authenticate;
    uint16_t methods_protocol; /* server: that of the methods that are allowed, CHAP before PAP */
    int final_status;          /* pppd's exit status when the link ended; -1 before */
    int ending;                /* we decided to end: cause and message are ours */
    uint8_t cause;
    char message[KEEL_MAX_MESSAGE + 1];
    char refused_user[KEEL_MAX_NAME + 1];
};

extern struct keel_session keel_session;

/* Ends pppd in its own clean way; the first cause given is the one reported. */
void keel_end(uint8_t cause, const char* message);

/* Ends pppd because a question got no answer. */
void keel_end_unanswered(enum keel_answer how);

/* reason.c: why PPP ended with this status: a keel_cause, and a sentence that says so. */
uint8_t keel_explain(int status, char* out, size_t space);

/* PPP's number of the protocol that failed by that cause; 0: none. */
uint16_t keel_failed_protocol(uint8_t cause);

/* login.c: sets pppd's hooks for PAP and CHAP of both roles. */
void keel_set_login_hooks(void);

#endif
