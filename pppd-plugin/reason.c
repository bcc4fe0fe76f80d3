/* reason: why PPP ended, from pppd's exit status and what the session has seen. */
#include <signal.h>
#include <stdio.h>

#include "compat.h"
#include "session.h"

static uint8_t explain_auth_failed(char* out, size_t space) {
    char words[KEEL_MAX_MESSAGE + 1];
    keel_snoop_explain(keel_session.snoop.refusal, words, sizeof words);
    if (words[0] != 0)
        snprintf(out, space, "the peer refused our login: %.200s", words);
    else if (keel_session.snoop.chap_success)
        snprintf(out, space, "the peer could not prove that it knows our password (MS-CHAPv2)");
    else if (keel_session.snoop.login_refused)
        snprintf(out, space, "the peer refused our login");
    else {
        snprintf(out, space, "the peer did not answer our login");
        return KEEL_CAUSE_AUTH_TIMEOUT;
    }
    return KEEL_CAUSE_AUTH_FAILED;
}

static uint8_t explain_refused_peer(char* out, size_t space) {
    if (!keel_session.server) return explain_auth_failed(out, space);
    if (keel_session.refused_user[0] != 0) {
        snprintf(out, space, "the login of \"%.200s\" was refused", keel_session.refused_user);
        return KEEL_CAUSE_AUTH_REFUSED_PEER;
    }
    if (keel_session.reached_authenticate) {
        snprintf(out, space, "the peer did not log in in time");
        return KEEL_CAUSE_AUTH_TIMEOUT;
    }
    snprintf(out, space, "the peer would not log in with a method that is allowed");
    return KEEL_CAUSE_AUTH_METHOD;
}

static uint8_t explain_network(char* out, size_t space) {
    if (keel_session.snoop.ipcp_rejected) {
        snprintf(out, space, "the peer does not do IPv4: it rejected IPCP");
        return KEEL_CAUSE_NO_NETWORK;
    }
    /* RFC 1661 4.6: the restart counter of a negotiation that was given up is at its end. */
    if (ipcp_fsm[0].retransmits <= 0) {
        snprintf(out, space, "the peer did not answer IPCP");
        return KEEL_CAUSE_NETWORK_TIMEOUT;
    }
    snprintf(out, space, "IPCP found no agreement on the addresses");
    return KEEL_CAUSE_NEGOTIATION;
}

static uint8_t explain_negotiation(char* out, size_t space) {
    if (!keel_session.snoop.heard_anything) {
        snprintf(out, space, "the peer sent no PPP frame");
        return KEEL_CAUSE_SILENT;
    }
    if (keel_session.reached_network) return explain_network(out, space);
    snprintf(out, space, "LCP found no agreement");
    return KEEL_CAUSE_NEGOTIATION;
}

static uint8_t explain_peer_terminated(char* out, size_t space) {
    const char* words = keel_session.snoop.termination;
    snprintf(out, space, words[0] != 0 ? "the peer ended the link: %.200s" : "the peer ended the link",
             words);
    return KEEL_CAUSE_PEER_TERMINATED;
}

uint8_t keel_explain(int status, char* out, size_t space) {
    if (keel_session.ending) {
        snprintf(out, space, "%s", keel_session.message);
        return keel_session.cause;
    }
    /* A server that refuses a login hangs up at once: pppd may be told to stop before its own end. */
    const int refused = !keel_session.server && keel_session.snoop.login_refused;
    if (status == EXIT_AUTH_TOPEER_FAILED || refused) return explain_auth_failed(out, space);
    if (status == EXIT_PEER_AUTH_FAILED) return explain_refused_peer(out, space);
    /* Before EXIT_HANGUP, which pppd also sets when it reads its own closed channel after the peer's
     * farewell. */
    if (keel_session.snoop.peer_terminated) return explain_peer_terminated(out, space);
    if (status == EXIT_USER_REQUEST || ppp_signaled(SIGTERM)) {
        snprintf(out, space, "told to stop");
        return KEEL_CAUSE_STOPPED;
    }
    if (status == EXIT_PEER_DEAD) {
        snprintf(out, space, "the peer answers no LCP echo");
        return KEEL_CAUSE_ECHO_LOST;
    }
    if (status == EXIT_HANGUP) {
        snprintf(out, space, "the kernel closed the channel");
        return KEEL_CAUSE_LOST;
    }
    if (status == EXIT_NEGOTIATION_FAILED || status == EXIT_OK) return explain_negotiation(out, space);
    snprintf(out, space, "pppd ended with status %d", status);
    return KEEL_CAUSE_ERROR;
}

/* The protocol that the login went by, or would have. */
static uint16_t login_protocol(void) {
    const lcp_options* agreed = keel_session.server ? &lcp_gotoptions[0] : &lcp_hisoptions[0];
    if (agreed->neg_upap) return PPP_PAP;
    if (agreed->neg_chap) return PPP_CHAP;
    return keel_session.server ? keel_session.methods_protocol : 0;
}

uint16_t keel_failed_protocol(uint8_t cause) {
    switch (cause) {
        case KEEL_CAUSE_AUTH_FAILED:
        case KEEL_CAUSE_AUTH_REFUSED_PEER:
        case KEEL_CAUSE_AUTH_TIMEOUT:
        case KEEL_CAUSE_AUTH_METHOD: return login_protocol();
        case KEEL_CAUSE_ECHO_LOST:
        case KEEL_CAUSE_SILENT: return PPP_LCP;
        case KEEL_CAUSE_NEGOTIATION: return keel_session.reached_network ? PPP_IPCP : PPP_LCP;
        case KEEL_CAUSE_NETWORK_TIMEOUT:
        case KEEL_CAUSE_NO_NETWORK:
        case KEEL_CAUSE_NO_ADDRESS: return PPP_IPCP;
        default: return 0;
    }
}
