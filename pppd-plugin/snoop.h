/* snoop: the peer's own words, read off the frames that pppd is about to process. pppd's hooks give names
 * with octets escaped and drop the texts of refusals; here they are as sent. Observes only. */
#ifndef KEEL_SNOOP_H
#define KEEL_SNOOP_H

#include "wire.h"

struct keel_snoop {
    int heard_anything;                     /* a PPP frame came at all */
    int peer_terminated;                    /* the peer sent Terminate-Request while we had not */
    int chap_success;                       /* the peer said that our login is good */
    int login_refused;                      /* the peer said that it is not */
    int ipcp_rejected;                      /* the peer does not know IPCP: Protocol-Reject */
    uint32_t echoes_sent, echoes_received;  /* LCP Echo-Requests of ours, and their replies */
    uint8_t echo_identifier;                /* of the last request */
    int echo_open;                          /* ... which is unanswered */
    char termination[KEEL_MAX_MESSAGE + 1]; /* the peer's reason, may be empty */
    char refusal[KEEL_MAX_MESSAGE + 1];     /* text of PAP Authenticate-Nak or CHAP Failure */
    uint8_t login[1536]; /* the last PAP Authenticate-Request or CHAP Response, from its code octet */
    size_t login_size;
};

/* `frame` is one PPP frame with address, control and protocol, as the peer sent it. Returns 1 for a
 * Terminate-Request. */
int keel_snoop_frame(struct keel_snoop* snoop, const uint8_t* frame, size_t size, int we_are_closing);

/* The same of a frame that pppd sends. Returns 1 for an LCP Echo-Request. */
int keel_snoop_sent(struct keel_snoop* snoop, const uint8_t* frame, size_t size);

/* Name and password of the kept PAP Authenticate-Request (RFC 1334 2.2.1); 0 when it is malformed. */
int keel_snoop_pap(const struct keel_snoop* snoop, struct keel_bytes* user, struct keel_bytes* password);

/* Name in the kept CHAP Response (RFC 1994 4.1) of this identifier; 0 when it is malformed. */
int keel_snoop_chap(const struct keel_snoop* snoop, uint8_t identifier, struct keel_bytes* user);

void keel_snoop_forget_login(struct keel_snoop* snoop);

/* "E=691 R=0 C=... V=3 M=text" (RFC 2759 6) as "text (error 691)", or any other text unchanged. */
void keel_snoop_explain(const char* refusal, char* out, size_t space);

#endif
