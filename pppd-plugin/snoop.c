#include "snoop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROTOCOL_LCP = 0xc021,
    PROTOCOL_PAP = 0xc023,
    PROTOCOL_CHAP = 0xc223,
    PROTOCOL_IPCP = 0x8021,
    HEADER = 4, /* code, identifier, length */
    LCP_TERMINATE_REQUEST = 5,
    LCP_PROTOCOL_REJECT = 8,
    LCP_ECHO_REQUEST = 9,
    LCP_ECHO_REPLY = 10,
    PAP_REQUEST = 1,
    PAP_NAK = 3,
    CHAP_RESPONSE_CODE = 2,
    CHAP_SUCCESS_CODE = 3,
    CHAP_FAILURE_CODE = 4
};

static void keep_text(char* out, const uint8_t* text, size_t size) {
    if (size > KEEL_MAX_MESSAGE) size = KEEL_MAX_MESSAGE;
    for (size_t i = 0; i < size; ++i) out[i] = text[i] == 0 ? '?' : (char)text[i];
    out[size] = 0;
}

static void keep_login(struct keel_snoop* snoop, const uint8_t* packet, size_t size) {
    keel_snoop_forget_login(snoop);
    if (size > sizeof snoop->login) return;
    memcpy(snoop->login, packet, size);
    snoop->login_size = size;
}

static void snoop_pap(struct keel_snoop* snoop, const uint8_t* packet, size_t size) {
    if (packet[0] == PAP_REQUEST) keep_login(snoop, packet, size);
    if (packet[0] != PAP_NAK) return;
    snoop->login_refused = 1;
    const size_t text = size > HEADER ? packet[HEADER] : 0;
    if (size > HEADER && text <= size - HEADER - 1) keep_text(snoop->refusal, packet + HEADER + 1, text);
}

static void snoop_chap(struct keel_snoop* snoop, const uint8_t* packet, size_t size) {
    if (packet[0] == CHAP_RESPONSE_CODE) keep_login(snoop, packet, size);
    if (packet[0] == CHAP_SUCCESS_CODE) snoop->chap_success = 1;
    if (packet[0] != CHAP_FAILURE_CODE) return;
    snoop->login_refused = 1;
    keep_text(snoop->refusal, packet + HEADER, size - HEADER);
}

/* One reply counts for one request, so that a peer cannot make up for what was lost. */
static void snoop_echo_reply(struct keel_snoop* snoop, uint8_t identifier) {
    if (!snoop->echo_open || identifier != snoop->echo_identifier) return;
    snoop->echo_open = 0;
    ++snoop->echoes_received;
}

int keel_snoop_sent(struct keel_snoop* snoop, const uint8_t* frame, size_t size) {
    if (size < 4 + HEADER) return 0;
    const unsigned protocol = (unsigned)frame[2] << 8 | frame[3];
    if (protocol != PROTOCOL_LCP || frame[4] != LCP_ECHO_REQUEST) return 0;
    snoop->echo_identifier = frame[5];
    snoop->echo_open = 1;
    ++snoop->echoes_sent;
    return 1;
}

int keel_snoop_frame(struct keel_snoop* snoop, const uint8_t* frame, size_t size, int we_are_closing) {
    if (size < 4 + HEADER) return 0;
    const unsigned protocol = (unsigned)frame[2] << 8 | frame[3];
    const uint8_t* packet = frame + 4;
    const size_t length = (size_t)packet[2] << 8 | packet[3];
    snoop->heard_anything = 1;
    if (length < HEADER || length > size - 4) return 0;
    if (protocol == PROTOCOL_PAP) snoop_pap(snoop, packet, length);
    if (protocol == PROTOCOL_CHAP) snoop_chap(snoop, packet, length);
    if (protocol == PROTOCOL_LCP && packet[0] == LCP_PROTOCOL_REJECT && length >= HEADER + 2)
        snoop->ipcp_rejected |=
            packet[HEADER] == PROTOCOL_IPCP >> 8 && packet[HEADER + 1] == (PROTOCOL_IPCP & 0xff);
    if (protocol == PROTOCOL_LCP && packet[0] == LCP_ECHO_REPLY) snoop_echo_reply(snoop, packet[1]);
    if (protocol != PROTOCOL_LCP || packet[0] != LCP_TERMINATE_REQUEST) return 0;
    if (!we_are_closing && !snoop->peer_terminated) {
        snoop->peer_terminated = 1;
        keep_text(snoop->termination, packet + HEADER, length - HEADER);
    }
    return 1;
}

int keel_snoop_pap(const struct keel_snoop* snoop, struct keel_bytes* user, struct keel_bytes* password) {
    const uint8_t* at = snoop->login + HEADER;
    if (snoop->login_size <= HEADER) return 0;
    size_t left = snoop->login_size - HEADER;
    struct keel_bytes* parts[] = {user, password};
    for (size_t i = 0; i < 2; ++i) {
        if (left == 0 || at[0] > left - 1) return 0;
        parts[i]->data = at + 1;
        parts[i]->size = at[0];
        left -= 1 + parts[i]->size;
        at += 1 + parts[i]->size;
    }
    return 1;
}

int keel_snoop_chap(const struct keel_snoop* snoop, uint8_t identifier, struct keel_bytes* user) {
    if (snoop->login_size <= HEADER || snoop->login[1] != identifier) return 0;
    const size_t value = snoop->login[HEADER];
    const size_t left = snoop->login_size - HEADER - 1;
    if (value > left || left - value > KEEL_MAX_NAME) return 0;
    user->data = snoop->login + HEADER + 1 + value;
    user->size = left - value;
    return 1;
}

void keel_snoop_forget_login(struct keel_snoop* snoop) {
    keel_wire_wipe(snoop->login, sizeof snoop->login);
    snoop->login_size = 0;
}

void keel_snoop_explain(const char* refusal, char* out, size_t space) {
    const char* text = strstr(refusal, "M=");
    if (strncmp(refusal, "E=", 2) != 0) {
        snprintf(out, space, "%s", refusal);
        return;
    }
    const int code = atoi(refusal + 2);
    const char* words = text != NULL && text[2] != 0 ? text + 2
                        : code == 691                ? "authentication failure"
                                                     : "refused";
    snprintf(out, space, "%.*s (error %d)", (int)(space > 40 ? space - 40 : 0), words, code);
}
